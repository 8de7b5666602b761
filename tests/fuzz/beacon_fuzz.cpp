// SPDX-License-Identifier: MIT
#include "core/net/broadcast.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::canonical(View(data, size), net::decode_beacon,
                    [](const net::BeaconPacket& packet) { return net::encode(packet); });
    return 0;
}
