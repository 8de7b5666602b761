// SPDX-License-Identifier: MIT
#include "cli/hook_file.h"

#include "cli/hook_code.h"
#include "platform/files.h"
#include "platform/paths.h"

#include <cstdlib>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_start_file_bytes = 4 * 1024 * 1024;

HookFile posix_file(const Shell& shell, const std::filesystem::path& home) {
    const std::string name(shell.name);
    const std::string lines = "if command -v envmesh-cli >/dev/null; then\n"
                              "    eval \"$(envmesh-cli hook " +
                              name + ")\"\nfi\n";
    if (name == "bash")
        return {home / ".bashrc",
                lines,
                {home / ".bash_profile", home / ".bash_login", home / ".profile"}};
    const char* given = std::getenv("ZDOTDIR");
    if (given != nullptr && *given == '\0') given = nullptr;
    const std::filesystem::path folder = given == nullptr ? home : std::filesystem::path(given);
    return {
        folder / ".zshrc", lines, {folder / ".zshenv", folder / ".zprofile", folder / ".zlogin"}};
}

} // namespace

Result<std::string> hook_code_for(const Shell& shell) {
    const auto paths = platform::paths();
    if (!paths) return std::unexpected(paths.error());
    auto code = hook_code(shell, paths->socket.parent_path() / "generation");
    if (!code.empty()) return code;
    return fail(Code::usage, "There is no hook for the shell \"" + std::string(shell.name) + "\".",
                "There is one for bash, zsh, fish, pwsh, nu, elvish and xonsh; in others: "
                "eval \"$(envmesh-cli export)\"");
}

Result<HookFile> hook_file(const Shell& shell) {
    auto code = hook_code_for(shell);
    if (!code) return std::unexpected(code.error());
    const auto folders = platform::home_folders();
    if (!folders) return std::unexpected(folders.error());
    const auto& [home, settings] = *folders;
    if (shell.name == "bash" || shell.name == "zsh") return posix_file(shell, home);
    if (shell.name == "fish")
        return HookFile{settings / "fish/conf.d/envmesh.fish",
                        "if type -q envmesh-cli\n    envmesh-cli hook fish | source\nend\n",
                        {settings / "fish/config.fish"},
                        true};
    if (shell.name == "pwsh")
        return HookFile{settings / "powershell/profile.ps1",
                        "if (Get-Command envmesh-cli -ErrorAction Ignore) {\n"
                        "    envmesh-cli hook pwsh | Out-String | Invoke-Expression\n}\n",
                        {settings / "powershell/Microsoft.PowerShell_profile.ps1"}};
    if (shell.name == "elvish")
        return HookFile{settings / "elvish/rc.elv",
                        "if (has-external envmesh-cli) {\n"
                        "    eval (envmesh-cli hook elvish | slurp)\n}\n",
                        {}};
    if (shell.name == "xonsh")
        return HookFile{settings / "xonsh/rc.xsh",
                        "if __import__('shutil').which('envmesh-cli'):\n"
                        "    execx($(envmesh-cli hook xonsh))\n",
                        {home / ".xonshrc"}};
    return HookFile{settings / "nushell/autoload/envmesh.nu",
                    std::move(*code),
                    {settings / "nushell/config.nu", settings / "nushell/env.nu"},
                    true};
}

Result<std::string> start_file_text(const std::filesystem::path& file) {
    const auto found = platform::read_regular_file(file, most_start_file_bytes);
    if (found) return std::string(found->reveal_text());
    if (found.error().code == Code::not_found) return std::string();
    return std::unexpected(found.error());
}

} // namespace envmesh::cli
