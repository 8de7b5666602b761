// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    if (!input.empty() && input.front() == 0x08) { // a refusal's texts are made printable
        (void)sync::decode_handshake(input);
        return 0;
    }
    fuzz::canonical(input, sync::decode_handshake, sync::encode_handshake);
    return 0;
}
