// SPDX-License-Identifier: MIT
#include "cli/formats/formats.h"
#include "tests/fuzz/canonical.h"

#include <array>

using namespace envmesh;

// The first byte chooses the format. What is read, all formats that are read write and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::array<std::string_view, 4> formats{"json", "yaml", "toml", "nul"};
    if (size == 0) return 0;
    const auto entries =
        cli::formats::read(formats[data[0] % formats.size()], View(data + 1, size - 1), "fuzz");
    if (!entries) {
        fuzz::require(!entries.error().message.empty());
        return 0;
    }
    for (const std::string_view format : formats) {
        const auto written = cli::formats::write(format, *entries);
        if (!written) continue; // a name that is none, or bytes that are no text
        const auto again = cli::formats::read(format, written->reveal(), "fuzz");
        fuzz::require(again && again->size() == entries->size());
    }
    return 0;
}
