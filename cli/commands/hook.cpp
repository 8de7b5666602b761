// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/hook_file.h"
#include "cli/start_file.h"
#include "platform/files.h"

namespace envmesh::cli {
namespace {

Result<> write(const HookFile& start, const std::string& text) {
    if (!text.empty() || !start.is_ours_alone)
        return platform::rewrite_file(start.file, view(text));
    std::error_code error;
    std::filesystem::remove(start.file, error);
    if (!error) return {};
    return fail(Code::storage, start.file.string() + " cannot be removed: " + error.message() + ".",
                "Look at who may change its folder: ls -ld " + start.file.parent_path().string());
}

enum class Wish { present, absent };

Exit change(Context& context, const HookOptions& options, Wish wish) {
    const auto shell = choose_shell(shell_hints(options.shell));
    if (!shell) return std::unexpected(shell.error());
    const auto start = hook_file(*shell);
    if (!start) return std::unexpected(start.error());
    const auto before = start_file_text(start->file);
    if (!before) return std::unexpected(before.error());
    auto after = with_block(*before, wish == Wish::present ? start->lines : std::string());
    if (!after) {
        after.error().message = start->file.string() + ": " + after.error().message;
        return std::unexpected(after.error());
    }
    const bool differs = *after != *before;
    if (differs)
        if (auto written = write(*start, *after); !written) return std::unexpected(written.error());
    const std::string where = start->file.string();
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
    const auto code = hook_code_for(*shell);
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
