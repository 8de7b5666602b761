// SPDX-License-Identifier: MIT
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/commands/calls.h"
#include "cli/formats/formats.h"
#include "cli/glob.h"
#include "cli/project.h"
#include "cli/script.h"
#include "cli/tmux.h"
#include "platform/files.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr auto told_variable = "ENVMESH_TOLD";   // what of a project has been said in this shell
constexpr std::chrono::milliseconds budget{150}; // a shell is waiting to start

// The shell that started us has exported what it has.
std::optional<std::string_view> inherited(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

void append_items(Script& script, const Changes& due) {
    for (const auto& [name, value] : due.items)
        if (!value || !script.set(name, value->reveal())) script.unset(name);
}

// Only what differs from what is there, and the marks last: an interruption loses none. Those of
// `others` are none of ours to change.
void append_changes(Context& context, Script& script, const std::vector<Wanted>& wanted,
                    const Environment& here, Marks marks, Marks others = {}) {
    auto due = changes(wanted, std::move(marks), here);
    due.marks.merge(others);
    append_items(script, due);
    const auto [text, left_out] = to_text(due.marks);
    if (text.empty() || !script.set(marks_variable, view(text))) script.unset(marks_variable);
    if (left_out > 0)
        context.out.note(std::to_string(left_out) +
                         " variables stay in this shell when they are deleted: they are too many.");
}

// For shells that its server starts later. What a shell that started the server had put into lists
// stays there.
void append_for_tmux(Context& context, Script& script, const std::vector<Wanted>& wanted,
                     const TmuxEnvironment& there) {
    const Environment here = [&there](const std::string& name) -> std::optional<std::string_view> {
        const auto found = there.find(name);
        if (found == there.end()) return std::nullopt;
        return found->second.reveal_text();
    };
    auto marks = marks_from(here(marks_variable).value_or(""));
    Marks lists;
    for (auto next = marks.begin(); next != marks.end();) {
        const auto one = next++;
        if (one->second.mode != Mode::replace) lists.insert(marks.extract(one));
    }
    append_changes(context, script, wanted, here, std::move(marks), std::move(lists));
}

// Whoever enters a project that does not count learns why, once until that or the file is another.
void tell_of_project(Context& context, Script& script, const ExportOptions& options,
                     const api::Export::Reply& all) {
    const auto here = scoping(options.profiles);
    const auto line = std::ranges::find_if(all.skipped, [&](const std::string& one) {
        return here && !here->project.empty() && one.starts_with(here->project + ':');
    });
    const auto told = inherited(told_variable);
    if (line == all.skipped.end()) {
        if (told) script.unset(told_variable);
        return;
    }
    const std::string saying = fingerprint(*line + '\n' + here->project_text);
    if (told == saying || !context.out.has_audience()) return;
    context.out.note(*line);
    script.set(told_variable, view(saying));
}

// tmux can replace what its windows start with, and not add to it.
void leave_out_paths(std::vector<Wanted>& wanted, api::Export::Reply& all) {
    std::erase_if(wanted, [&](const Wanted& one) {
        if (one.mode == Mode::replace) return false;
        all.skipped.push_back(std::string(one.name) +
                              ": it joins what is there, and tmux replaces");
        return true;
    });
}

// A path joins what is there; everything else stands as it is.
void append_all(Script& script, const std::vector<Wanted>& wanted) {
    for (const Wanted& one : wanted) {
        if (one.mode == Mode::replace)
            script.set(one.name, one.value);
        else
            append_items(script, changes({one}, {}, inherited));
    }
}

// What a link leads to is replaced, not the link; a device or a pipe is left alone.
Result<> save(const std::string& name, View contents) {
    const auto file = platform::target_of(name);
    if (!file) return std::unexpected(file.error());
    std::error_code failed;
    if (platform::exists(*file) && !std::filesystem::is_regular_file(*file, failed))
        return fail(Code::invalid, "\"" + name + "\" is not a file that can be replaced.",
                    "Give another one, or leave out -o and use standard output.");
    return platform::replace_file(*file, contents);
}

Result<> show(Context& context, const ExportOptions& options, View contents) {
    if (!options.output.empty()) return save(options.output, contents);
    context.out.raw(contents);
    return {};
}

Result<api::Export::Reply> gather(const ExportOptions& options, Result<ipc::Client> client,
                                  ipc::Deadline deadline) {
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    api::Export call;
    call.scoping = std::move(*chosen);
    auto all = export_all(std::move(client), std::move(call), deadline);
    if (all)
        std::erase_if(all->items,
                      [&](const auto& item) { return !matches(options.only, item.key); });
    return all;
}

// Nobody's start-up waits for a file: it takes its time, and fails when something is wrong.
Exit export_as(Context& context, const ExportOptions& options) {
    auto all = gather(options, context.connect(), context.deadline());
    if (!all) return std::unexpected(all.error());
    const auto contents = formats::write(options.format, all->items);
    if (!contents) return std::unexpected(contents.error());
    if (auto shown = show(context, options, contents->reveal()); !shown)
        return std::unexpected(shown.error());
    note_left_out(context, *all);
    return 0;
}

void append(Context& context, Script& script, const ExportOptions& options,
            const api::Export::Reply& all, const std::vector<Wanted>& wanted,
            const TmuxEnvironment* tmux) {
    if (tmux != nullptr) return append_for_tmux(context, script, wanted, *tmux);
    if (!options.hook) return append_all(script, wanted);
    tell_of_project(context, script, options, all);
    append_changes(context, script, wanted, inherited,
                   marks_from(inherited(marks_variable).value_or("")));
}

} // namespace

Exit export_variables(Context& context, const ExportOptions& options) {
    if (!options.format.empty()) return export_as(context, options);
    const auto shell = choose_shell(shell_hints(options.shell));
    if (!shell) return std::unexpected(shell.error());
    const bool strict = options.strict || !options.output.empty();
    const auto deadline = context.started + (strict ? context.timeout.value_or(budget) : budget);
    auto all = gather(options, connect(context.socket, deadline), deadline);
    if (!all && strict) return std::unexpected(all.error());
    if (!all && options.hook) return 0;
    const bool is_tmux = shell->dialect == Dialect::tmux;
    const auto there =
        is_tmux ? tmux_environment(deadline) : Result<TmuxEnvironment>(TmuxEnvironment());
    if (!there && strict) return std::unexpected(there.error());
    Script script(shell->dialect);
    if (!all || !there) {
        context.out.raw(view(script.finish()));
        context.out.note("no variables were exported. " +
                         (all ? there.error() : all.error()).message);
        return 0;
    }
    auto wanted = wanted_of(*all, shell->dialect);
    if (is_tmux) leave_out_paths(wanted, *all);
    append(context, script, options, *all, wanted, is_tmux ? &*there : nullptr);
    if (auto shown = show(context, options, view(script.finish())); !shown)
        return std::unexpected(shown.error());
    if (!options.hook) note_left_out(context, *all); // a person would read the same at every change
    return 0;
}

} // namespace envmesh::cli
