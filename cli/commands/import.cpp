// SPDX-License-Identifier: MIT
#include "cli/commands/calls.h"
#include "cli/formats/formats.h"
#include "cli/glob.h"
#include "cli/script.h"
#include "core/node/policy.h"
#include "platform/files.h"
#include "platform/process.h"

#include <algorithm>
#include <map>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_file_bytes = 16 * 1024 * 1024;

using Names = std::vector<std::string>;

struct Source {
    Secret bytes;
    std::string format, name;
};

Result<std::string> chosen_format(const ImportOptions& options) {
    if (!options.format.empty()) return options.format;
    if (options.file.empty())
        return fail(Code::usage, "No file is given.",
                    "Name one, - for standard input, or --format env for this environment.");
    if (auto format = formats::format_of(options.file)) return *format;
    return fail(Code::usage, "The format of \"" + options.file + "\" cannot be told by its name.",
                "Name it with --format.");
}

Result<Source> source(const ImportOptions& options) {
    const auto format = chosen_format(options);
    if (!format) return std::unexpected(format.error());
    if (options.file.empty() && *format == "env")
        return Source{platform::environment(), *format, "This environment"};
    if (options.file.empty())
        return fail(Code::usage, "No file is given.", "Name one, or - for standard input.");
    const bool is_piped = options.file == "-";
    auto bytes = is_piped ? platform::read_standard_input(most_file_bytes)
                          : platform::read_file(options.file, most_file_bytes);
    if (!bytes) return std::unexpected(bytes.error());
    return Source{std::move(*bytes), *format, is_piped ? "Standard input" : options.file};
}

/// What the import comes to. Values are in `items` only.
struct Plan {
    std::vector<api::Set::Item> items; // added and changed, in the order of the file
    Names added, changed, unchanged;
    Names skipped; // reserved, or no names and left out on demand
};

std::string listed(const Names& names) {
    std::string out;
    for (const std::string& name : names)
        out += (out.empty() ? "" : ", ") + formats::shown(name);
    return out;
}

// Takes the variables that are asked for, under their names here.
Result<formats::Entries> selected(formats::Entries entries, const ImportOptions& options,
                                  Names& skipped) {
    formats::Entries kept;
    Names invalid;
    for (auto& entry : entries) {
        if (!matches(options.filter, entry.key)) continue;
        entry.key.insert(0, options.prefix);
        if (!is_variable_name(entry.key))
            invalid.push_back(entry.key);
        else if (node::classify(entry.key) == node::NameClass::never)
            skipped.push_back(entry.key);
        else
            kept.push_back(std::move(entry));
    }
    if (!invalid.empty() && !options.skip_invalid)
        return fail(Code::invalid, "These are no names of variables: " + listed(invalid) + '.',
                    "Leave them out with --skip-invalid or --filter, or give them a --prefix.");
    std::ranges::move(invalid, std::back_inserter(skipped));
    return kept;
}

Result<Plan> compare(Context& context, formats::Entries entries, const std::string& scope) {
    api::List call;
    call.values = true;
    call.scope = scope.empty() ? "shared" : scope;
    const auto present = list_all(context, std::move(call));
    if (!present) return std::unexpected(present.error());
    std::map<std::string_view, const Secret*> values;
    for (const api::Variable& variable : *present)
        if (variable.value) values.emplace(variable.key, &*variable.value);
    Plan plan;
    for (auto& entry : entries) {
        const auto value = values.find(entry.key);
        if (value != values.end() && *value->second == entry.value) {
            plan.unchanged.push_back(std::move(entry.key));
            continue;
        }
        (value == values.end() ? plan.added : plan.changed).push_back(entry.key);
        plan.items.push_back({std::move(entry.key), std::move(entry.value)});
    }
    return plan;
}

Result<Plan> planned(Context& context, const ImportOptions& options) {
    const auto from = source(options);
    if (!from) return std::unexpected(from.error());
    auto entries = formats::read(from->format, from->bytes.reveal(), from->name);
    if (!entries) return std::unexpected(entries.error());
    Names skipped;
    auto kept = selected(std::move(*entries), options, skipped);
    if (!kept) return std::unexpected(kept.error());
    auto plan = compare(context, std::move(*kept), options.scope);
    if (plan) plan->skipped = std::move(skipped);
    return plan;
}

void show_names(Output& out, const Plan& plan) {
    std::map<std::string_view, char> marks;
    for (const auto& [names, mark] : {std::pair(&plan.added, '+'), std::pair(&plan.changed, '~'),
                                      std::pair(&plan.unchanged, '=')})
        for (const std::string& name : *names)
            marks.emplace(name, mark);
    for (const auto& [name, mark] : marks)
        out.line(std::string{mark, ' '}.append(name));
}

// `pending` is what waits to be sent once it is done.
void show(Output& out, const Plan& plan, std::optional<std::uint64_t> pending) {
    if (out.is_json())
        return out.object({{"ok", true},
                           {"dry_run", !pending.has_value()},
                           {"added", plan.added},
                           {"changed", plan.changed},
                           {"unchanged", plan.unchanged},
                           {"skipped", plan.skipped},
                           {"pending_sync", pending.value_or(0)}});
    if (!pending) show_names(out, plan);
    const auto count = [](const Names& names) { return std::to_string(names.size()); };
    out.line("added " + count(plan.added) + ", changed " + count(plan.changed) + ", unchanged " +
             count(plan.unchanged) + ", skipped " + count(plan.skipped));
    if (!plan.skipped.empty())
        out.note("skipped, as reserved or no names: " + listed(plan.skipped));
}

} // namespace

Exit import_variables(Context& context, const ImportOptions& options) {
    auto plan = planned(context, options);
    if (!plan) return std::unexpected(plan.error());
    if (options.dry_run) {
        show(context.out, *plan, std::nullopt);
        return 0;
    }
    if (!plan->changed.empty() && !options.overwrite)
        return fail(Code::conflict,
                    "Nothing was set: these have another value: " + listed(plan->changed) + '.',
                    "Replace them with --overwrite; --dry-run shows what would happen.");
    api::Set call;
    call.items = std::move(plan->items);
    call.scope = options.scope;
    const auto reply = set_all(context, std::move(call));
    if (!reply) return std::unexpected(reply.error());
    show(context.out, *plan, reply->pending_sync);
    return 0;
}

} // namespace envmesh::cli
