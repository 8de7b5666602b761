// SPDX-License-Identifier: MIT
// ENVMESH_STATE comes from the environment, which anybody may have set.
#include "cli/changes.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(text(View(data, size)));
    const auto whole = [&](const std::string&) -> std::optional<std::string_view> { return input; };
    fuzz::require(cli::changes({}, cli::marks_from(input), whole).marks.empty());
    const cli::Wanted wanted{"A", View(data, size), cli::Mode::prepend};
    const auto due = cli::changes({wanted}, cli::marks_from(input), whole);
    const std::string written = cli::to_text(due.marks).text;
    fuzz::require(cli::to_text(cli::marks_from(written)).text == written);
    return 0;
}
