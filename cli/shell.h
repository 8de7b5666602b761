// SPDX-License-Identifier: MIT
// Which shell is spoken to, and in which dialect.
#pragma once

#include "core/base/error.h"

#include <array>
#include <optional>

namespace envmesh::cli {

/// One way to write down a variable; cli/README.md shows each.
enum class Dialect { posix, ansi_c, zsh, fish, powershell, nu, elvish, xonsh, cmd, tmux };

struct Shell {
    std::string_view name; // "bash"; both PowerShells are "pwsh"
    Dialect dialect = Dialect::posix;
};

/// By the name of a program ("zsh", "-bash", "/usr/bin/dash", "pwsh.exe").
std::optional<Shell> shell_named(std::string_view program);

/// csh and tcsh.
bool is_c_shell(std::string_view program);

/// What is known about who reads our output; all but `given` may be empty or mean nothing.
struct ShellHints {
    std::string given;    // --shell
    std::string variable; // ENVMESH_SHELL
    std::string parent;   // the program that started us
    std::string login; // SHELL: the last to be believed, since a bash started from fish has it too
};
ShellHints shell_hints(std::string given);

/// The first hint that names a shell; sh when none does. `usage` when `given` or `variable` is no
/// shell that we know, or when it is a C shell: that one cannot evaluate every value.
Result<Shell> choose_shell(const ShellHints& hints);

} // namespace envmesh::cli
