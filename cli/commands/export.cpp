// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/calls.h"
#include "cli/formats/formats.h"
#include "cli/glob.h"
#include "cli/project.h"
#include "cli/shell.h"
#include "platform/files.h"
#include "platform/process.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace envmesh::cli {
namespace {

constexpr std::chrono::milliseconds budget{150}; // a shell is waiting to start
constexpr std::size_t first_reserve = 64 * 1024;

Result<Shell> chosen_shell(const std::string& given) {
    if (given.empty()) return shell_named(platform::parent_process_name()).value_or(Shell::posix);
    if (const auto named = shell_named(given)) return *named;
    return fail(Code::usage, "There is no export for the shell \"" + given + "\".",
                "Known are sh, bash and zsh.");
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

Secret to_lines(api::Export::Reply& all, Shell shell) {
    keep_to_budget(all);
    std::string lines;
    lines.reserve(first_reserve);
    for (const auto& item : all.items)
        if (!append_export(lines, shell, item.key, item.value.reveal()))
            all.skipped.push_back(item.key + ": no shell can carry this name or value");
    Secret out(lines);
    wipe(lines);
    return out;
}

// What a link leads to is replaced, not the link; a device or a pipe is left alone.
Result<> save(const std::string& name, const Secret& contents) {
    std::error_code failed;
    std::filesystem::path file = std::filesystem::canonical(name, failed);
    if (failed) file = name; // it is not there yet
    if (platform::exists(file) && !std::filesystem::is_regular_file(file, failed))
        return fail(Code::invalid, "\"" + name + "\" is not a file that can be replaced.",
                    "Give another one, or leave out -o and use standard output.");
    return platform::replace_file(file, contents.reveal());
}

Result<> show(Context& context, const ExportOptions& options, const Secret& contents) {
    if (!options.output.empty()) return save(options.output, contents);
    context.out.raw(contents.reveal());
    return {};
}

void note_skipped(Context& context, const api::Export::Reply& all) {
    for (const std::string& name_and_reason : all.skipped)
        context.out.note("not exported: " + name_and_reason);
    for (const std::string& name : all.missing)
        context.out.note("the project requires " + name + ", and there is none.");
}

void select(api::Export::Reply& all, const std::vector<std::string>& only) {
    std::erase_if(all.items, [&](const auto& item) { return !matches(only, item.key); });
}

// Nobody's start-up waits for a file: it takes its time, and fails when something is wrong.
Exit export_as(Context& context, const ExportOptions& options) {
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    auto all = export_all(context.connect(), {std::move(*chosen), false, {}}, context.deadline());
    if (!all) return std::unexpected(all.error());
    select(*all, options.only);
    const auto contents = formats::write(options.format, all->items);
    if (!contents) return std::unexpected(contents.error());
    if (auto shown = show(context, options, *contents); !shown)
        return std::unexpected(shown.error());
    note_skipped(context, *all);
    return 0;
}

} // namespace

Exit export_variables(Context& context, const ExportOptions& options) {
    if (!options.format.empty()) return export_as(context, options);
    const auto shell = chosen_shell(options.shell);
    if (!shell) return std::unexpected(shell.error());
    const bool strict = options.strict || !options.output.empty();
    const auto deadline = context.started + (strict ? context.timeout.value_or(budget) : budget);
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    auto all =
        export_all(connect(context.socket, deadline), {std::move(*chosen), false, {}}, deadline);
    if (!all && strict) return std::unexpected(all.error());
    if (!all) {
        context.out.note("no variables were exported. " + all.error().message);
        return 0;
    }
    select(*all, options.only);
    const Secret lines = to_lines(*all, *shell);
    if (auto shown = show(context, options, lines); !shown) return std::unexpected(shown.error());
    note_skipped(context, *all);
    return 0;
}

} // namespace envmesh::cli
