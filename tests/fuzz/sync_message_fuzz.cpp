// SPDX-License-Identifier: MIT
#include "core/sync/message.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    fuzz::canonical(
        input, [](View bytes) { return sync::decode(bytes); },
        [](const sync::Message& message) { return sync::encode(message); });
    return 0;
}
