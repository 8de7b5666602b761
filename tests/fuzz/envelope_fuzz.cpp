// SPDX-License-Identifier: MIT
#include "core/sync/envelope.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    fuzz::canonical(input, sync::Envelope::parse,
                    [](const sync::Envelope& envelope) { return envelope.encode(); });
    return 0;
}
