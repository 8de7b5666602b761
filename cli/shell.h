// SPDX-License-Identifier: MIT
// Lines that a shell evaluates (shell.md §4.2): whatever the value, the shell ends up with exactly
// its bytes and runs nothing.
#pragma once

#include "core/base/bytes.h"

namespace envmesh::cli {

enum class Shell {
    posix,  // single quotes: sh, dash, ash; correct in the others too
    ansi_c, // $'…' in octal: bash, zsh, ksh, mksh; pure ASCII, one line a variable
};

/// By the name of a program ("zsh", "-bash", "/usr/bin/dash").
std::optional<Shell> shell_named(std::string_view program);

/// Letters, digits, underscore, not a digit first, at most 255: anything else would be shell code.
bool is_variable_name(std::string_view name);

/// Appends `export NAME=…` and a newline. False, with nothing appended, when the name is not one or
/// the value holds NUL: no shell can carry these.
bool append_export(std::string& out, Shell shell, std::string_view name, View value);

} // namespace envmesh::cli
