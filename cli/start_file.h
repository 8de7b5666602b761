// SPDX-License-Identifier: MIT
// One marked block in a text that belongs to a person; everything outside of it stays as it is.
#pragma once

#include "core/base/error.h"

#include <vector>

namespace envmesh::cli {

inline constexpr std::string_view block_begin = "# >>> envmesh >>>";
inline constexpr std::string_view block_end = "# <<< envmesh <<<";

/// The text with exactly one block of these lines, where the first one stood or at the end; with
/// empty `lines` without any. `invalid` when a block has no end: nobody could tell what is ours.
Result<std::string> with_block(std::string_view text, std::string_view lines);

/// What starts EnvMesh in such a text, by the numbers of lines from 1. Comments do not count, nor
/// does what a block holds.
struct Starts {
    std::vector<std::size_t> blocks;  // where they begin
    std::vector<std::size_t> hooks;   // lines that a person wrote: "envmesh-cli hook …"
    std::vector<std::size_t> exports; // "envmesh-cli export …"
    bool is_unended = false;          // a block has no end
};
Starts starts_in(std::string_view text);

} // namespace envmesh::cli
