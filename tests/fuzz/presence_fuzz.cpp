// SPDX-License-Identifier: MIT
#include "core/node/presence.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    if (!node::is_presence(input)) return 0;
    fuzz::canonical(input, node::decode_presence,
                    [](const node::Presences& presences) { return node::encode(presences); });
    return 0;
}
