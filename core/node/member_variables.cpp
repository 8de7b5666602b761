// SPDX-License-Identifier: MIT
// Reading and changing variables: scopes, versions as people see them, and what may reach a shell.
#include "core/node/member.h"
#include "core/node/policy.h"

#include <algorithm>
#include <tuple>

namespace envmesh::node {
namespace {

constexpr std::size_t most_page_bytes = 384 * 1024; // leaves room for JSON's quoting below 512 KiB
constexpr std::size_t most_names = 1000;
constexpr std::string_view shared_scope = "shared";

std::string version_of(const sync::Dot& dot) {
    return hex(Writer().u64(dot.hlc).bytes()) + '.' + hex(dot.device).substr(0, 8);
}

std::unexpected<Error> no_variable(std::string_view key) {
    return fail(Code::not_found, "there is no variable named " + std::string(key),
                "`envmesh-cli list` shows the names there are");
}

std::unexpected<Error> named_twice(std::string_view key) {
    return fail(Code::usage, std::string(key) + " is named twice", "name each variable once");
}

Result<> check_name(std::string_view key) {
    if (sync::is_valid_name(key)) return {};
    return fail(Code::invalid,
                "a variable's name is a letter or _ and then at most 254 letters, digits or _",
                "choose another name");
}

Result<> check_scope(std::string_view scope) {
    if (scope.empty() || sync::is_valid_scope(scope)) return {};
    return fail(Code::invalid, "no scope is called that",
                "use shared, profile/<name> or device/<32 hex digits>");
}

Result<sync::Visibility> parse_visibility(std::string_view text) {
    for (const auto visibility :
         {sync::Visibility::shell, sync::Visibility::run, sync::Visibility::get})
        if (text == sync::visibility_name(visibility)) return visibility;
    return fail(Code::invalid, "visibility is shell, run or get", "use --visibility shell|run|get");
}

// Zero-copy guard of a page: counts what JSON will roughly take.
std::size_t weight(const api::Variable& variable) {
    return 256 + variable.key.size() + (variable.value ? variable.value->size() * 4 / 3 : 0);
}

std::string list_key(const api::Variable& variable) { return variable.key + '\n' + variable.scope; }

} // namespace

std::string Member::own_scope() const { return "device/" + hex(identity_.id()); }

Result<std::optional<sync::Reading>> Member::visible(std::string_view key, std::string_view scope) {
    auto living = [&](std::string_view from) -> Result<std::optional<sync::Reading>> {
        auto reading = replica_.read(from, key);
        if (reading && *reading && (*reading)->variable.kind == sync::Kind::tombstone)
            reading->reset();
        return reading;
    };
    if (!scope.empty()) return living(scope);
    auto own = living(own_scope());
    if (!own || *own) return own;
    return living(shared_scope);
}

api::Variable Member::describe(const sync::Reading& reading, bool with_value) const {
    api::Variable out;
    out.key = reading.variable.name;
    out.scope = reading.variable.scope;
    if (out.scope.starts_with("profile/")) out.profile = out.scope.substr(8);
    out.visibility = sync::visibility_name(reading.variable.visibility);
    out.type = "string";
    out.version = version_of(reading.dot);
    out.updated_by = name_of(reading.dot.device);
    out.updated_at_ms = sync::wall_ms_of(reading.dot.hlc);
    out.conflict = reading.conflicts > 0;
    if (with_value) out.value = reading.variable.value.copy();
    return out;
}

Result<Member::Changed> Member::set(api::Set call) {
    if (auto scope = check_scope(call.scope); !scope) return std::unexpected(scope.error());
    const std::string scope = call.scope.empty() ? std::string(shared_scope) : call.scope;
    std::optional<sync::Visibility> asked;
    if (!call.visibility.empty()) {
        auto visibility = parse_visibility(call.visibility);
        if (!visibility) return std::unexpected(visibility.error());
        asked = *visibility;
    }
    std::vector<sync::Change> changes;
    Changed changed;
    for (api::Set::Item& item : call.items) {
        if (auto name = check_name(item.key); !name) // not shown: it may be part of a value
            return fail(Code::invalid,
                        "item " + std::to_string(changed.keys.size() + 1) + ": " +
                            name.error().message,
                        name.error().fix);
        if (auto fits = sync::check_value(item.key, item.value.reveal()); !fits)
            return std::unexpected(fits.error());
        if (std::ranges::find(changed.keys, item.key) != changed.keys.end())
            return named_twice(item.key);
        const bool never = classify(item.key) == NameClass::never;
        if (never && !call.force)
            return fail(Code::denied, item.key + " could run code or break every shell it reaches",
                        "--force stores it for `get` alone; it is never exported");
        auto before = replica_.read(scope, item.key);
        if (!before) return std::unexpected(before.error());
        sync::Change change{scope,
                            item.key,
                            std::move(item.value),
                            sync::Kind::set,
                            asked.value_or(sync::Visibility::shell),
                            {}};
        if (*before && (*before)->variable.kind == sync::Kind::set) {
            if (!asked) change.visibility = (*before)->variable.visibility;
            change.tags = (*before)->variable.tags;
        }
        if (never) change.visibility = sync::Visibility::get;
        changed.keys.push_back(change.name);
        changes.push_back(std::move(change));
    }
    forget_readings(); // what is replaced or deleted does not stay in memory
    auto delta = replica_.write(std::move(changes));
    if (!delta) return std::unexpected(delta.error());
    changed.delta = std::move(*delta);
    for (const sync::Cell& cell : changed.delta.cells)
        changed.versions.push_back(version_of({cell.device, cell.hlc}));
    return changed;
}

Result<Member::Changed> Member::erase(const api::Delete& call) {
    if (auto scope = check_scope(call.scope); !scope) return std::unexpected(scope.error());
    std::vector<sync::Change> changes;
    Changed changed;
    for (const std::string& key : call.keys) {
        if (auto name = check_name(key); !name) return std::unexpected(name.error());
        if (std::ranges::find(changed.keys, key) != changed.keys.end()) return named_twice(key);
        auto reading = visible(key, call.scope);
        if (!reading) return std::unexpected(reading.error());
        if (!*reading) return no_variable(key);
        changes.push_back({(*reading)->variable.scope,
                           key,
                           Secret(),
                           sync::Kind::tombstone,
                           (*reading)->variable.visibility,
                           {}});
        changed.keys.push_back(key);
    }
    forget_readings(); // what is replaced or deleted does not stay in memory
    auto delta = replica_.write(std::move(changes));
    if (!delta) return std::unexpected(delta.error());
    changed.delta = std::move(*delta);
    for (const sync::Cell& cell : changed.delta.cells)
        changed.versions.push_back(version_of({cell.device, cell.hlc}));
    return changed;
}

Result<api::Variable> Member::get(const api::Get& call) {
    if (auto name = check_name(call.key); !name) return std::unexpected(name.error());
    if (auto scope = check_scope(call.scope); !scope) return std::unexpected(scope.error());
    auto reading = visible(call.key, call.scope);
    if (!reading) return std::unexpected(reading.error());
    if (!*reading) return no_variable(call.key);
    return describe(**reading, true);
}

Result<const std::vector<sync::Reading>*> Member::readings() {
    Readings fresh{database_->rollbacks(), database_->changes(), {}};
    if (readings_ && readings_->rollbacks == fresh.rollbacks && readings_->changes == fresh.changes)
        return &readings_->all;
    auto read = replica_.read_all([&](sync::Reading reading) -> Result<> {
        if (reading.variable.kind == sync::Kind::set) fresh.all.push_back(std::move(reading));
        return {};
    });
    if (!read) return std::unexpected(read.error());
    std::ranges::sort(fresh.all, {}, [](const sync::Reading& reading) {
        return std::tie(reading.variable.name, reading.variable.scope);
    });
    readings_ = std::move(fresh);
    return &readings_->all;
}

Result<api::List::Reply> Member::list(const api::List& call) {
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    api::List::Reply reply;
    std::size_t bytes = 0;
    for (const sync::Reading& reading : **all) {
        api::Variable variable = describe(reading, call.values);
        if (list_key(variable) <= call.after) continue;
        bytes += weight(variable);
        if (bytes > most_page_bytes && !reply.variables.empty()) {
            reply.next = list_key(reply.variables.back());
            break;
        }
        reply.variables.push_back(std::move(variable));
    }
    return reply;
}

// The narrower scope wins: "device/…" comes before "shared".
Result<api::Export::Reply> Member::exported(const api::Export& call) {
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    const std::string own = own_scope();
    api::Export::Reply reply;
    std::size_t bytes = 0;
    std::string_view last = call.after;
    for (const sync::Reading& reading : **all) {
        const sync::Variable& variable = reading.variable;
        const std::string& name = variable.name;
        if (name <= last || (variable.scope != shared_scope && variable.scope != own)) continue;
        const NameClass kind = classify(name);
        bytes += name.size() + variable.value.size() * 4 / 3 + 256;
        if (bytes > most_page_bytes && last != call.after) {
            reply.next = last; // of the skipped ones too, or the next page would repeat them
            break;
        }
        last = name;
        if (variable.visibility != sync::Visibility::shell || kind == NameClass::never) continue;
        if (kind == NameClass::approval && reading.dot.device != identity_.id())
            reply.skipped.push_back(name + ": " + name_of(reading.dot.device) +
                                    " set it, and it changes which code runs here");
        else
            reply.items.push_back({name, variable.value.copy()});
    }
    return reply;
}

std::vector<std::string> Member::names_of(const sync::Delta& delta) {
    std::vector<std::string> names;
    if (delta.partial || delta.cells.size() > most_names) return names;
    for (const sync::Cell& cell : delta.cells) {
        const auto reading = replica_.read(cell.record);
        if (reading && *reading) names.push_back((*reading)->variable.name);
    }
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

Result<Member::Totals> Member::totals() {
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    Totals totals;
    totals.variables = (*all)->size();
    for (const sync::Reading& reading : **all)
        totals.conflicts += reading.conflicts > 0 ? 1 : 0;
    return totals;
}

} // namespace envmesh::node
