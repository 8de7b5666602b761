// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/calls.h"
#include "cli/commands/variable.h"
#include "cli/project.h"
#include "core/base/clock.h"

#include <algorithm>
#include <iterator>

namespace envmesh::cli {
namespace {

using Entry = api::History::Entry;

Result<api::History::Reply> all_pages(ipc::Client& client, const Context& context,
                                      api::History call) {
    api::History::Reply all;
    do {
        call.after = all.next;
        auto page = client.ask(call, context.deadline());
        if (!page) return std::unexpected(page.error());
        if (page->next != 0 && page->next <= call.after)
            return fail(Code::protocol, "The daemon repeats a page of the history.");
        std::ranges::move(page->entries, std::back_inserter(all.entries));
        all.scope = std::move(page->scope);
        all.next = page->next;
    } while (all.next != 0);
    return all;
}

Object describe(const Entry& entry) {
    Object out{{"number", entry.number},
               {"state", entry.state},
               {"version", entry.version},
               {"updated_at", rfc3339(entry.updated_at_ms)},
               {"updated_by", entry.updated_by},
               {"visibility", entry.visibility},
               {"type", entry.type},
               {"deleted", entry.deleted}};
    if (entry.value) out.push_back(value_field(*entry.value));
    return out;
}

std::vector<std::string> row(const Entry& entry, bool values) {
    std::vector<std::string> out{std::to_string(entry.number),
                                 entry.deleted ? entry.state + ", deleted" : entry.state,
                                 rfc3339(entry.updated_at_ms), entry.updated_by, entry.version};
    if (values) out.emplace_back(entry.value ? entry.value->reveal_text() : std::string_view());
    return out;
}

std::vector<std::string> heading(bool values) {
    std::vector<std::string> out{"#", "STATE", "UPDATED", "BY", "VERSION"};
    if (values) out.emplace_back("VALUE");
    return out;
}

Exit show(Context& context, const api::History::Reply& reply, bool values) {
    if (context.out.is_json()) {
        std::vector<Object> entries;
        for (const Entry& entry : reply.entries)
            entries.push_back(describe(entry));
        context.out.array(entries);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{heading(values)};
    for (const Entry& entry : reply.entries)
        rows.push_back(row(entry, values));
    context.out.table(rows);
    return 0;
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 10 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The version with that number, as the history shows it now; any other text is a version itself.
Result<std::string> version_at(ipc::Client& client, const Context& context,
                               const RollbackOptions& options, const api::Scoping& scoping) {
    if (!is_number(options.to)) return options.to;
    const auto reply = all_pages(client, context, {options.key, options.scope, false, 0, scoping});
    if (!reply) return std::unexpected(reply.error());
    const auto number = std::stoull(options.to);
    const auto found = std::ranges::find(reply->entries, number, &Entry::number);
    if (found != reply->entries.end()) return found->version;
    return fail(Code::not_found, options.key + " has no version " + options.to + " here.",
                "'envmesh-cli history " + options.key + "' shows those there are.");
}

Result<std::vector<api::History::Reply>> all_conflicts(ipc::Client& client, const Context& context,
                                                       const ConflictsOptions& options,
                                                       std::vector<api::Variable>& variables) {
    std::vector<api::History::Reply> out;
    std::erase_if(variables, [](const api::Variable& one) { return !one.conflict; });
    for (const api::Variable& variable : variables) {
        auto reply = all_pages(client, context, {variable.key, variable.scope, options.values});
        if (!reply) return std::unexpected(reply.error());
        std::erase_if(reply->entries, [](const Entry& one) { return one.state == "replaced"; });
        out.push_back(std::move(*reply));
    }
    return out;
}

void show_conflicts(Context& context, const std::vector<api::Variable>& variables,
                    const std::vector<api::History::Reply>& conflicts, bool values) {
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (std::size_t i = 0; i < conflicts.size(); ++i) {
            std::vector<Object> versions;
            for (const Entry& entry : conflicts[i].entries)
                versions.push_back(describe(entry));
            all.push_back(
                {{"key", variables[i].key}, {"scope", variables[i].scope}, {"versions", versions}});
        }
        return context.out.array(all);
    }
    auto columns = heading(values);
    columns.insert(columns.begin(), {"NAME", "SCOPE"});
    std::vector<std::vector<std::string>> rows{columns};
    for (std::size_t i = 0; i < conflicts.size(); ++i)
        for (const Entry& entry : conflicts[i].entries) {
            auto& added = rows.emplace_back(row(entry, values));
            added.insert(added.begin(), {variables[i].key, variables[i].scope});
        }
    context.out.table(rows);
}

Exit write_anew(Context& context, const RollbackOptions& options, bool settles) {
    auto chosen = scoping({});
    if (!chosen) return std::unexpected(chosen.error());
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    auto version = version_at(*client, context, options, *chosen);
    if (!version) return std::unexpected(version.error());
    const auto reply = client->ask(
        api::Rollback{options.key, options.scope, *version, settles, std::move(*chosen)},
        context.deadline());
    if (!reply) return std::unexpected(reply.error());
    show_written(context.out, {reply->keys, reply->versions, reply->pending_sync});
    return 0;
}

} // namespace

Exit history(Context& context, const HistoryOptions& options) {
    auto chosen = scoping({});
    if (!chosen) return std::unexpected(chosen.error());
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    const auto reply = all_pages(
        *client, context, {options.key, options.scope, options.values, 0, std::move(*chosen)});
    if (!reply) return std::unexpected(reply.error());
    return show(context, *reply, options.values);
}

Exit rollback(Context& context, const RollbackOptions& options) {
    return write_anew(context, options, false);
}

Exit resolve(Context& context, const RollbackOptions& options) {
    return write_anew(context, options, true);
}

Exit conflicts(Context& context, const ConflictsOptions& options) {
    auto variables = list_all(context, {});
    if (!variables) return std::unexpected(variables.error());
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    const auto found = all_conflicts(*client, context, options, *variables);
    if (!found) return std::unexpected(found.error());
    show_conflicts(context, *variables, *found, options.values);
    return 0;
}

} // namespace envmesh::cli
