// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/hook_code.h"
#include "cli/start_file.h"
#include "platform/files.h"
#include "platform/paths.h"

#include <cstdlib>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_start_file_bytes = 4 * 1024 * 1024;

Result<std::string> code_for(const Shell& shell) {
    const auto paths = platform::paths();
    if (!paths) return std::unexpected(paths.error());
    auto code = hook_code(shell, paths->socket.parent_path() / "generation");
    if (!code.empty()) return code;
    return fail(Code::usage, "There is no hook for the shell \"" + std::string(shell.name) + "\".",
                "There is one for bash, zsh, fish, pwsh, nu, elvish and xonsh; in others: "
                "eval \"$(envmesh-cli export)\"");
}

// Where the shell looks when it starts, and what stands there. A shell that can evaluate text asks
// for the code each time: then it is always that of the program that is installed.
struct Start {
    std::filesystem::path file;
    std::string lines;
    bool is_ours_alone = false; // a file of its own, which goes when the block goes
};

Start start_of(const Shell& shell, const platform::HomeFolders& folders, std::string code) {
    const auto& [home, settings] = folders;
    if (shell.name == "bash")
        return {home / ".bashrc", "if command -v envmesh-cli >/dev/null; then\n"
                                  "    eval \"$(envmesh-cli hook bash)\"\nfi\n"};
    if (shell.name == "zsh") {
        const char* given = std::getenv("ZDOTDIR");
        return {(given == nullptr ? home : std::filesystem::path(given)) / ".zshrc",
                "if command -v envmesh-cli >/dev/null; then\n"
                "    eval \"$(envmesh-cli hook zsh)\"\nfi\n"};
    }
    if (shell.name == "fish")
        return {settings / "fish/conf.d/envmesh.fish",
                "if type -q envmesh-cli\n    envmesh-cli hook fish | source\nend\n", true};
    if (shell.name == "pwsh")
        return {settings / "powershell/profile.ps1",
                "if (Get-Command envmesh-cli -ErrorAction Ignore) {\n"
                "    envmesh-cli hook pwsh | Out-String | Invoke-Expression\n}\n"};
    if (shell.name == "elvish")
        return {settings / "elvish/rc.elv", "if (has-external envmesh-cli) {\n"
                                            "    eval (envmesh-cli hook elvish | slurp)\n}\n"};
    if (shell.name == "xonsh")
        return {settings / "xonsh/rc.xsh", "if __import__('shutil').which('envmesh-cli'):\n"
                                           "    execx($(envmesh-cli hook xonsh))\n"};
    return {settings / "nushell/autoload/envmesh.nu", std::move(code), true};
}

Result<std::string> contents(const std::filesystem::path& file) {
    const auto found = platform::read_file(file, most_start_file_bytes);
    if (found) return std::string(found->reveal_text());
    if (found.error().code == Code::not_found) return std::string();
    return std::unexpected(found.error());
}

Result<> write(const Start& start, const std::string& text) {
    if (!text.empty() || !start.is_ours_alone)
        return platform::rewrite_file(start.file, view(text));
    std::error_code error;
    std::filesystem::remove(start.file, error);
    if (!error) return {};
    return fail(Code::storage,
                start.file.string() + " cannot be removed: " + error.message() + ".");
}

enum class Wish { present, absent };

Exit change(Context& context, const HookOptions& options, Wish wish) {
    const auto shell = choose_shell(shell_hints(options.shell));
    if (!shell) return std::unexpected(shell.error());
    auto code = code_for(*shell);
    if (!code) return std::unexpected(code.error());
    const auto folders = platform::home_folders();
    if (!folders) return std::unexpected(folders.error());
    const Start start = start_of(*shell, *folders, std::move(*code));
    const auto before = contents(start.file);
    if (!before) return std::unexpected(before.error());
    auto after = with_block(*before, wish == Wish::present ? start.lines : std::string());
    if (!after) {
        after.error().message = start.file.string() + ": " + after.error().message;
        return std::unexpected(after.error());
    }
    const bool differs = *after != *before;
    if (differs)
        if (auto written = write(start, *after); !written) return std::unexpected(written.error());
    const std::string where = start.file.string();
    if (context.out.is_json())
        context.out.object({{"ok", true}, {"file", where}, {"changed", differs}});
    else if (wish == Wish::present)
        context.out.line(where + (differs ? " now starts the hook; a new shell follows EnvMesh."
                                          : " starts the hook already."));
    else
        context.out.line(where + (differs ? " no longer starts the hook; shells that run keep it."
                                          : " does not start the hook."));
    return 0;
}

} // namespace

Exit hook(Context& context, const HookOptions& options) {
    const auto shell = choose_shell(shell_hints(options.shell));
    if (!shell) return std::unexpected(shell.error());
    const auto code = code_for(*shell);
    if (!code) return std::unexpected(code.error());
    context.out.raw(view(*code));
    return 0;
}

Exit install_hook(Context& context, const HookOptions& options) {
    return change(context, options, Wish::present);
}

Exit uninstall_hook(Context& context, const HookOptions& options) {
    return change(context, options, Wish::absent);
}

} // namespace envmesh::cli
