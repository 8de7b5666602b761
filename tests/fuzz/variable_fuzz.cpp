// SPDX-License-Identifier: MIT
#include "core/sync/variable.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    const auto variable = sync::decode(input, {mesh::DeviceId{1}, 1000});
    if (!variable)
        fuzz::require(!variable.error().message.empty());
    else
        fuzz::require(std::ranges::equal(sync::encode(*variable, size).reveal(), input));
    return 0;
}
