// SPDX-License-Identifier: MIT
// Where the hook stands in what a shell reads when it starts.
#pragma once

#include "cli/shell.h"

#include <filesystem>
#include <vector>

namespace envmesh::cli {

inline constexpr std::array hooked_shells{"bash", "zsh", "fish", "pwsh", "nu", "elvish", "xonsh"};

/// The code of the hook; `usage` for a shell that has none.
Result<std::string> hook_code_for(const Shell& shell);

/// A shell that can evaluate text asks for the code each time: then it is always that of the
/// program that is installed.
struct HookFile {
    std::filesystem::path file;
    std::string lines;                         // of the block
    std::vector<std::filesystem::path> others; // that the shell may read as well
    bool is_ours_alone = false;                // a file of its own, which goes when the block goes
};
Result<HookFile> hook_file(const Shell& shell);

/// Empty when there is no such file.
Result<std::string> start_file_text(const std::filesystem::path& file);

} // namespace envmesh::cli
