// SPDX-License-Identifier: MIT
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/script.h"
#include "platform/process.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <set>

namespace envmesh::cli {
namespace {

constexpr std::chrono::milliseconds budget{150}; // a shell is waiting to start

Result<api::Export::Reply> gather(const Context& context, ipc::Deadline deadline) {
    auto client = connect(context.socket, deadline);
    if (!client) return std::unexpected(std::move(client.error()));
    api::Export::Reply all;
    do {
        api::Export call;
        call.after = all.next;
        auto page = client->ask(std::move(call), deadline);
        if (!page) return std::unexpected(page.error());
        std::ranges::move(page->items, std::back_inserter(all.items));
        std::ranges::move(page->skipped, std::back_inserter(all.skipped));
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

// What this shell can carry; the rest is named among what was skipped.
std::vector<Wanted> wanted_of(api::Export::Reply& all, Dialect dialect) {
    keep_to_budget(all);
    std::vector<Wanted> wanted;
    for (const auto& item : all.items) {
        const auto reason = why_not(dialect, item.key, item.value.reveal());
        if (reason.empty())
            wanted.push_back({item.key, item.value.reveal()});
        else
            all.skipped.push_back(item.key + ": " + std::string(reason));
    }
    return wanted;
}

// The shell that started us has exported what it has.
std::optional<std::string_view> inherited(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

std::optional<std::string_view> nothing(const std::string& /*name*/) { return std::nullopt; }

// Only what differs from what the shell has, and the marks last: an interruption loses none. tmux
// gives all of it to shells that it starts later.
void append_changes(Context& context, Script& script, const std::vector<Wanted>& wanted,
                    Dialect dialect) {
    const bool is_later = dialect == Dialect::tmux;
    const Environment here = is_later ? nothing : inherited;
    const auto due = changes(wanted, marks_from(here(marks_variable).value_or("")), here);
    for (const auto& [name, value] : due.items)
        if (!value || !script.set(name, value->reveal())) script.unset(name);
    const auto [text, left_out] = to_text(due.marks);
    if (text.empty() || !script.set(marks_variable, view(text))) script.unset(marks_variable);
    if (left_out > 0)
        context.out.note(std::to_string(left_out) +
                         " variables stay in this shell when they are deleted: they are too many.");
}

} // namespace

Exit export_variables(Context& context, const ExportOptions& options) {
    const auto shell = choose_shell(shell_hints(options.shell));
    if (!shell) return std::unexpected(shell.error());
    const auto allowed = options.strict ? context.timeout.value_or(budget) : budget;
    auto all = gather(context, context.started + allowed);
    if (!all && options.strict) return std::unexpected(all.error());
    if (!all && options.hook) return 0;
    Script script(shell->dialect);
    if (!all) {
        context.out.raw(view(script.finish()));
        context.out.note("no variables were exported. " + all.error().message);
        return 0;
    }
    const auto wanted = wanted_of(*all, shell->dialect);
    if (options.hook || shell->dialect == Dialect::tmux)
        append_changes(context, script, wanted, shell->dialect);
    else
        for (const Wanted& one : wanted)
            script.set(one.name, one.value);
    context.out.raw(view(script.finish()));
    if (options.hook) return 0; // a person would read the same notes at every change
    for (const std::string& name_and_reason : all->skipped)
        context.out.note("not exported: " + name_and_reason);
    return 0;
}

} // namespace envmesh::cli
