// SPDX-License-Identifier: MIT
// One marked block in a text that belongs to a person; everything outside of it stays as it is.
#pragma once

#include "core/base/error.h"

namespace envmesh::cli {

inline constexpr std::string_view block_begin = "# >>> envmesh >>>";
inline constexpr std::string_view block_end = "# <<< envmesh <<<";

/// The text with exactly one block of these lines, where the first one stood or at the end; with
/// empty `lines` without any. `invalid` when a block has no end: nobody could tell what is ours.
Result<std::string> with_block(std::string_view text, std::string_view lines);

} // namespace envmesh::cli
