// SPDX-License-Identifier: MIT
#include "cli/shell.h"

#include "platform/process.h"

#include <algorithm>
#include <cstdlib>

namespace envmesh::cli {
namespace {

constexpr std::array shells{
    Shell{"sh", Dialect::posix},        Shell{"dash", Dialect::posix},
    Shell{"ash", Dialect::posix},       Shell{"busybox", Dialect::posix},
    Shell{"bash", Dialect::ansi_c},     Shell{"zsh", Dialect::zsh},
    Shell{"ksh", Dialect::ansi_c},      Shell{"ksh93", Dialect::ansi_c},
    Shell{"mksh", Dialect::ansi_c},     Shell{"fish", Dialect::fish},
    Shell{"pwsh", Dialect::powershell}, Shell{"nu", Dialect::nu},
    Shell{"elvish", Dialect::elvish},   Shell{"xonsh", Dialect::xonsh},
    Shell{"cmd", Dialect::cmd},         Shell{"tmux", Dialect::tmux},
};

std::string_view base_name(std::string_view program) {
    if (const auto slash = program.find_last_of("/\\"); slash != std::string_view::npos)
        program.remove_prefix(slash + 1);
    if (program.starts_with('-')) program.remove_prefix(1); // a login shell
    if (program.ends_with(".exe")) program.remove_suffix(4);
    return program;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

std::string known_names() {
    std::string names = "powershell";
    for (const Shell& shell : shells)
        names += ", " + std::string(shell.name);
    return names;
}

} // namespace

std::optional<Shell> shell_named(std::string_view program) {
    auto name = base_name(program);
    if (name == "powershell") name = "pwsh";
    if (name == "nushell") name = "nu";
    const auto* found = std::ranges::find(shells, name, &Shell::name);
    if (found == shells.end()) return std::nullopt;
    return *found;
}

bool is_c_shell(std::string_view program) {
    const auto name = base_name(program);
    return name == "csh" || name == "tcsh";
}

ShellHints shell_hints(std::string given) {
    return {std::move(given), variable("ENVMESH_SHELL"), platform::parent_process_name(),
            variable("SHELL")};
}

Result<Shell> choose_shell(const ShellHints& hints) {
    for (const std::string* hint : {&hints.given, &hints.variable, &hints.parent, &hints.login}) {
        if (is_c_shell(*hint))
            return fail(Code::usage, "A C shell (csh, tcsh) cannot evaluate every value safely.",
                        "Start programs with: envmesh-cli run -- COMMAND");
        if (const auto shell = shell_named(*hint)) return *shell;
        const bool is_asked_for = hint == &hints.given || hint == &hints.variable;
        if (is_asked_for && !hint->empty())
            return fail(Code::usage, "The shell \"" + *hint + "\" is not known here.",
                        "Known are " + known_names() + ".");
    }
    return Shell{"sh", Dialect::posix};
}

} // namespace envmesh::cli
