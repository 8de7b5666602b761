// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/shell.h"
#include "platform/process.h"

namespace envmesh::cli {
namespace {

constexpr std::chrono::milliseconds budget{150}; // a shell is waiting to start
constexpr std::size_t first_reserve = 64 * 1024;

struct Lines {
    std::string text;
    std::vector<std::string> skipped;

    Lines() { text.reserve(first_reserve); }
    Lines(Lines&&) = default;
    Lines& operator=(Lines&&) = delete;
    ~Lines() { wipe(text); }
};

Result<Shell> chosen_shell(const std::string& given) {
    if (given.empty()) return shell_named(platform::parent_process_name()).value_or(Shell::posix);
    if (const auto named = shell_named(given)) return *named;
    return fail(Code::usage, "There is no export for the shell \"" + given + "\".",
                "Known are sh, bash and zsh.");
}

void append(Lines& lines, Shell shell, const api::Export::Reply& page) {
    for (const auto& item : page.items)
        if (!append_export(lines.text, shell, item.key, item.value.reveal()))
            lines.skipped.push_back(item.key + ": no shell can carry this name or value");
    lines.skipped.insert(lines.skipped.end(), page.skipped.begin(), page.skipped.end());
}

Result<Lines> gather(const Context& context, Shell shell, ipc::Deadline deadline) {
    auto client = connect(context.socket, deadline);
    if (!client) return std::unexpected(std::move(client.error()));
    Lines lines;
    std::string after;
    do {
        api::Export call;
        call.after = after;
        const auto page = client->ask(std::move(call), deadline);
        if (!page) return std::unexpected(page.error());
        append(lines, shell, *page);
        after = page->next;
    } while (!after.empty()); // a daemon that repeats itself meets the deadline
    return lines;
}

} // namespace

Exit export_variables(Context& context, const ExportOptions& options) {
    const auto shell = chosen_shell(options.shell);
    if (!shell) return std::unexpected(shell.error());
    const auto allowed = options.strict ? context.timeout.value_or(budget) : budget;
    const auto lines = gather(context, *shell, context.started + allowed);
    if (!lines && options.strict) return std::unexpected(lines.error());
    if (!lines) {
        context.out.note("no variables were exported. " + lines.error().message);
        return 0;
    }
    context.out.raw(view(lines->text));
    for (const std::string& name_and_reason : lines->skipped)
        context.out.note("not exported: " + name_and_reason);
    return 0;
}

} // namespace envmesh::cli
