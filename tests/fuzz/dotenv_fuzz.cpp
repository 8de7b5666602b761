// SPDX-License-Identifier: MIT
#include "cli/formats/formats.h"
#include "cli/script.h"
#include "tests/fuzz/canonical.h"

#include <algorithm>

using namespace envmesh;

// Whatever is read and can be written is read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto entries = cli::formats::read("dotenv", View(data, size), "fuzz");
    if (!entries) {
        fuzz::require(!entries.error().message.empty());
        return 0;
    }
    std::erase_if(*entries, [](const auto& entry) { return !cli::is_variable_name(entry.key); });
    const auto written = cli::formats::write("dotenv", *entries);
    if (!written) return 0;
    const auto again = cli::formats::read("dotenv", written->reveal(), "fuzz");
    fuzz::require(again.has_value());
    fuzz::require(std::ranges::equal(*again, *entries, [](const auto& one, const auto& other) {
        return one.key == other.key && one.value == other.value;
    }));
    return 0;
}
