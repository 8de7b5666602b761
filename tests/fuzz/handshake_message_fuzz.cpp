// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    fuzz::canonical(input, sync::decode_handshake, sync::encode_handshake);
    return 0;
}
