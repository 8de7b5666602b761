// SPDX-License-Identifier: MIT
// Reads a command line by the grammar.
#pragma once

#include "cli/grammar.h"

namespace envmesh::cli {

/// Fills in the grammar; `usage` when the words do not fit it, without repeating any of them: one
/// may be a value. A text when that is the answer: --help, --version.
Result<std::optional<std::string>> parse(std::span<char*> words, Grammar& grammar);

} // namespace envmesh::cli
