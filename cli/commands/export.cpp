// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/project.h"
#include "cli/shell.h"
#include "platform/process.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace envmesh::cli {
namespace {

constexpr std::chrono::milliseconds budget{150}; // a shell is waiting to start
constexpr std::size_t first_reserve = 64 * 1024;

struct Lines {
    std::string text;

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

Result<api::Export::Reply> gather(const Context& context, const api::Scoping& chosen,
                                  ipc::Deadline deadline) {
    auto client = connect(context.socket, deadline);
    if (!client) return std::unexpected(std::move(client.error()));
    api::Export::Reply all;
    do {
        api::Export call;
        call.scoping = chosen;
        call.after = all.next;
        auto page = client->ask(std::move(call), deadline);
        if (!page) return std::unexpected(page.error());
        std::ranges::move(page->items, std::back_inserter(all.items));
        std::ranges::move(page->skipped, std::back_inserter(all.skipped));
        std::ranges::move(page->missing, std::back_inserter(all.missing));
        all.next = std::move(page->next);
    } while (!all.next.empty()); // a daemon that repeats itself meets the deadline
    return all;
}

// Takes out what would leave too little room for a program's arguments: then every command of that
// shell would fail. The largest go first.
void keep_to_budget(api::Export::Reply& all) {
    using Item = api::Export::Item;
    const auto size = [](const Item* item) { return item->key.size() + item->value.size() + 2; };
    std::vector<const Item*> kept;
    std::size_t total = 0;
    for (const Item& item : all.items) {
        kept.push_back(&item);
        total += size(&item);
    }
    if (total <= platform::most_environment_bytes()) return;
    std::ranges::sort(kept, {}, [&](const Item* item) {
        return std::pair(size(item), std::string_view(item->key)); // the same ones every time
    });
    std::set<const Item*> left_out;
    for (; total > platform::most_environment_bytes(); kept.pop_back()) {
        total -= size(kept.back());
        left_out.insert(kept.back());
        all.skipped.push_back(kept.back()->key +
                              ": together they are more than a program can be given");
    }
    std::erase_if(all.items, [&](const Item& item) { return left_out.contains(&item); });
}

Lines to_lines(api::Export::Reply& all, Shell shell) {
    keep_to_budget(all);
    Lines lines;
    for (const auto& item : all.items)
        if (!append_export(lines.text, shell, item.key, item.value.reveal()))
            all.skipped.push_back(item.key + ": no shell can carry this name or value");
    return lines;
}

} // namespace

Exit export_variables(Context& context, const ExportOptions& options) {
    const auto shell = chosen_shell(options.shell);
    if (!shell) return std::unexpected(shell.error());
    const auto allowed = options.strict ? context.timeout.value_or(budget) : budget;
    const auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    auto all = gather(context, *chosen, context.started + allowed);
    if (!all && options.strict) return std::unexpected(all.error());
    if (!all) {
        context.out.note("no variables were exported. " + all.error().message);
        return 0;
    }
    const Lines lines = to_lines(*all, *shell);
    context.out.raw(view(lines.text));
    for (const std::string& name_and_reason : all->skipped)
        context.out.note("not exported: " + name_and_reason);
    for (const std::string& name : all->missing)
        context.out.note("the project requires " + name + ", and there is none.");
    return 0;
}

} // namespace envmesh::cli
