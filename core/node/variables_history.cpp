// SPDX-License-Identifier: MIT
// What a variable was before. The registers of other devices hold changes that were replaced or
// lost; the history of this machine holds older ones.
#include "core/node/policy.h"
#include "core/node/variable_page.h"
#include "core/node/variables.h"
#include "core/sync/merge.h"

#include <algorithm>
#include <map>

namespace envmesh::node {

struct Variables::Past {
    sync::Opened opened;
    std::string_view state; // current, conflict, replaced
};

// The newest first.
Result<std::vector<Variables::Past>> Variables::past(std::string_view scope, std::string_view key) {
    const sync::RecordId record = parts_.authority.record_id(scope, key);
    auto cells = parts_.cells.cells_of(record);
    if (!cells) return std::unexpected(cells.error());
    const auto open = [&](const std::vector<sync::Cell>& from) {
        std::vector<sync::Opened> out;
        for (const sync::Cell& cell : from) {
            const auto envelope = sync::Envelope::parse(cell.envelope);
            if (cell.state != sync::CellState::readable || !envelope) continue;
            if (auto variable = parts_.authority.open(*envelope))
                out.push_back({{cell.device, cell.hlc}, std::move(*variable), 0});
        }
        return out;
    };
    std::map<std::pair<sync::Hlc, sync::DeviceId>, Past, std::greater<>> sorted;
    const auto add = [&](sync::Opened& one, std::string_view state) {
        const std::pair at(one.dot.hlc, one.dot.device);
        sorted.try_emplace(at, Past{std::move(one), state});
    };
    auto standing = open(*cells);
    std::string_view state = "current";
    for (const std::size_t index : sync::visible(standing))
        add(standing[index], std::exchange(state, "conflict"));
    for (sync::Opened& one : standing)
        add(one, "replaced");
    const auto older = parts_.cells.history(record);
    if (!older) return std::unexpected(older.error());
    auto opened = open(*older);
    for (sync::Opened& one : opened)
        add(one, "replaced");
    std::vector<Past> out;
    for (const bool is_replaced : {false, true})
        for (auto& [at, one] : sorted)
            if ((one.state == "replaced") == is_replaced) out.push_back(std::move(one));
    return out;
}

Result<api::History::Reply> Variables::history(const api::History& call) {
    if (auto name = check_name(call.key); !name) return std::unexpected(name.error());
    auto scope = scope_with_past(call.key, call.scope, call.scoping);
    if (!scope) return std::unexpected(scope.error());
    const auto all = past(*scope, call.key);
    if (!all) return std::unexpected(all.error());
    api::History::Reply reply{std::move(*scope), {}, 0};
    std::size_t bytes = 0;
    for (std::uint64_t number = call.after + 1; number <= all->size(); ++number) {
        const Past& one = (*all)[number - 1];
        const sync::Variable& variable = one.opened.variable;
        bytes += 256 + (call.values ? variable.value.size() * 4 / 3 : 0);
        if (bytes > most_page_bytes && !reply.entries.empty()) {
            reply.next = number - 1;
            break;
        }
        api::History::Entry& entry = reply.entries.emplace_back();
        entry.number = number;
        entry.state = one.state;
        entry.version = version_of(one.opened.dot);
        entry.updated_by = parts_.name_of(one.opened.dot.device);
        entry.updated_at_ms = sync::wall_ms_of(one.opened.dot.hlc);
        entry.visibility = sync::visibility_name(variable.visibility);
        entry.type = sync::type_name(sync::type_of(variable.tags));
        entry.deleted = variable.kind == sync::Kind::tombstone;
        if (call.values && !entry.deleted) entry.value = variable.value.copy();
    }
    return reply;
}

// A variable that was deleted has a past too: then the strongest scope where it stood.
Result<std::string> Variables::scope_with_past(const std::string& key, const std::string& scope,
                                               const api::Scoping& scoping) {
    auto given = resolve_scope(scope);
    if (!given) return given;
    const auto outlook = look(scoping);
    if (!outlook) return std::unexpected(outlook.error());
    auto standing = visible(key, *given, outlook->ranking);
    if (!standing) return std::unexpected(standing.error());
    if (*standing) return (*standing)->variable.scope;
    std::vector<std::string> scopes{*given};
    if (given->empty()) scopes = scopes_by_strength(outlook->ranking);
    for (const std::string& each : scopes) {
        const auto deleted = parts_.replica.read(each, key);
        if (!deleted) return std::unexpected(deleted.error());
        if (*deleted) return each;
    }
    return no_variable(key);
}

// Written anew it is a version of this machine, which asks nobody for approval: so what another one
// wrote must have been approved before.
Result<> Variables::may_come_back(const sync::Opened& version) {
    const auto& [dot, variable, padded] = version;
    const std::string& key = variable.name;
    if (classify(key) != NameClass::approval || dot.device == parts_.self ||
        variable.kind == sync::Kind::tombstone)
        return {};
    const auto approved = approvals_.has(dot.device, variable);
    if (!approved) return std::unexpected(approved.error());
    if (*approved) return {};
    return fail(Code::denied,
                parts_.name_of(dot.device) + " wrote that version of " + key +
                    ", and it changes which code runs here",
                "look at it with `envmesh-cli history " + key + " --values`, then set it yourself");
}

Result<Variables::Changed> Variables::roll_back(const api::Rollback& call) {
    if (auto name = check_name(call.key); !name) return std::unexpected(name.error());
    const auto scope = scope_with_past(call.key, call.scope, call.scoping);
    if (!scope) return std::unexpected(scope.error());
    auto all = past(*scope, call.key);
    if (!all) return std::unexpected(all.error());
    const auto wanted = std::ranges::find(
        *all, call.to, [](const Past& one) { return version_of(one.opened.dot); });
    if (wanted == all->end())
        return fail(Code::not_found, call.key + " has no such version here",
                    "`envmesh-cli history " + call.key + "` shows those there are");
    const auto standing =
        std::ranges::count_if(*all, [](const Past& one) { return one.state != "replaced"; });
    if (call.settles && (standing < 2 || wanted->state == "replaced"))
        return fail(Code::conflict, "that is not one of several versions of " + call.key,
                    "`envmesh-cli conflicts list` shows them, `rollback` brings back any other");
    if (auto may = may_come_back(wanted->opened); !may) return std::unexpected(may.error());
    sync::Variable& variable = wanted->opened.variable;
    std::vector<sync::Change> changes;
    changes.push_back({*scope, call.key, std::move(variable.value), variable.kind,
                       variable.visibility, std::move(variable.tags)});
    return write(std::move(changes));
}

} // namespace envmesh::node
