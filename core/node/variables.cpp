// SPDX-License-Identifier: MIT
// Reading and changing variables: scopes, versions as people see them, and what may reach a shell.
#include "core/node/variables.h"

#include "core/node/policy.h"
#include "core/node/variable_page.h"

#include <algorithm>
#include <ranges>
#include <tuple>

namespace envmesh::node {
namespace {

constexpr std::size_t most_names = 1000;

std::unexpected<Error> named_twice(std::string_view key) {
    return fail(Code::usage, std::string(key) + " is named twice", "name each variable once");
}

Result<std::optional<sync::Visibility>> parse_visibility(std::string_view text) {
    if (text.empty()) return std::nullopt;
    for (const auto visibility :
         {sync::Visibility::shell, sync::Visibility::run, sync::Visibility::get})
        if (text == sync::visibility_name(visibility)) return visibility;
    return fail(Code::invalid, "visibility is shell, run or get", "use --visibility shell|run|get");
}

Result<std::optional<sync::Type>> parse_type(std::string_view text) {
    if (text.empty()) return std::nullopt;
    for (const auto type : {sync::Type::string, sync::Type::path, sync::Type::path_append})
        if (text == sync::type_name(type)) return type;
    return fail(Code::invalid, "the type of a variable is string, path or path-append",
                "use --type string|path|path-append");
}

Result<std::optional<sync::Injection>> parse_injection(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (text == "yes") return sync::Injection::yes;
    if (text == "no") return sync::Injection::no;
    return fail(Code::invalid, "inject is yes or no", "use --inject or --no-inject");
}

// An environment that no shell puts together has no place for the parts of a path.
Result<> check_injection(const sync::Change& change) {
    if (change.visibility != sync::Visibility::shell)
        return fail(Code::invalid,
                    change.name + " cannot be injected: its visibility is " +
                        std::string(sync::visibility_name(change.visibility)),
                    "only what shells get is injected (--visibility shell)");
    if (sync::type_of(change.tags) != sync::Type::string)
        return fail(Code::invalid,
                    change.name +
                        " cannot be injected: it is a path, which a shell adds to its own",
                    "use --type string");
    return {};
}

// Zero-copy guard of a page: counts what JSON will roughly take.
std::size_t weight(const api::Variable& variable) {
    return 256 + variable.key.size() + (variable.value ? variable.value->size() * 4 / 3 : 0);
}

std::string list_key(const api::Variable& variable) { return variable.key + '\n' + variable.scope; }

} // namespace

Variables::Variables(Parts parts)
    : parts_(std::move(parts)), approvals_(parts_.settings),
      readings_(parts_.cells, parts_.replica) {}

std::string Variables::own_scope() const { return std::string(device_prefix) + hex(parts_.self); }

std::vector<std::string> Variables::scopes_by_strength(const Ranking& ranking) const {
    std::vector<std::string> out{own_scope()};
    for (const std::string& profile : std::views::reverse(ranking.profiles()))
        out.push_back(std::string(profile_prefix) + profile);
    out.emplace_back(shared_scope);
    return out;
}

Result<std::optional<sync::Reading>> Variables::living(std::string_view scope,
                                                       std::string_view key) {
    auto reading = parts_.replica.read(scope, key);
    if (reading && *reading && (*reading)->variable.kind == sync::Kind::tombstone) reading->reset();
    return reading;
}

Result<std::optional<sync::Reading>>
Variables::visible(std::string_view key, std::string_view scope, const Ranking& ranking) {
    if (!scope.empty()) return living(scope, key);
    for (const std::string& each : scopes_by_strength(ranking)) {
        auto reading = living(each, key);
        if (!reading || *reading) return reading;
    }
    return std::nullopt;
}

api::Variable Variables::describe(const sync::Reading& reading, bool with_value) const {
    api::Variable out;
    out.key = reading.variable.name;
    out.scope = reading.variable.scope;
    if (out.scope.starts_with(profile_prefix))
        out.profile = out.scope.substr(profile_prefix.size());
    out.visibility = sync::visibility_name(reading.variable.visibility);
    out.type = sync::type_name(sync::type_of(reading.variable.tags));
    out.version = version_of(reading.dot);
    out.updated_by = parts_.name_of(reading.dot.device);
    out.updated_at_ms = sync::wall_ms_of(reading.dot.hlc);
    out.conflict = reading.conflicts > 0;
    out.inject = sync::is_injected(reading.variable.tags);
    if (with_value) out.value = reading.variable.value.copy();
    return out;
}

/// What all items of a `set` have in common.
struct Variables::Wish {
    std::string scope;
    std::optional<sync::Visibility> visibility;
    std::optional<sync::Type> type;
    std::optional<sync::Injection> injection;
    bool force = false;
    std::string if_version;
};

Result<sync::Change> Variables::change_of(api::Set::Item& item, const Wish& wish) {
    if (auto fits = sync::check_value(item.key, item.value.reveal()); !fits)
        return std::unexpected(fits.error());
    const bool never = classify(item.key) == NameClass::never;
    if (never && !wish.force)
        return fail(Code::denied, item.key + " could run code or break every shell it reaches",
                    "--force stores it for `get` alone; it is never exported");
    auto before = living(wish.scope, item.key);
    if (!before) return std::unexpected(before.error());
    const std::string version = *before ? version_of((*before)->dot) : "none";
    if (!wish.if_version.empty() && wish.if_version != version)
        return fail(Code::conflict, item.key + " has another version: " + version,
                    "look at `envmesh-cli history " + item.key + "`, and set it again");
    sync::Change change{wish.scope, item.key, std::move(item.value), sync::Kind::set, {}, {}};
    if (*before) {
        change.visibility = (*before)->variable.visibility;
        change.tags = (*before)->variable.tags;
    }
    if (wish.visibility) change.visibility = *wish.visibility;
    if (wish.type) sync::put_type(change.tags, *wish.type);
    if (never) change.visibility = sync::Visibility::get;
    if (!wish.injection) return change;
    sync::put_injection(change.tags, *wish.injection);
    if (*wish.injection == sync::Injection::no) return change;
    if (auto fits = check_injection(change); !fits) return std::unexpected(fits.error());
    return change;
}

Result<Variables::Changed> Variables::write(std::vector<sync::Change> changes) {
    Changed changed;
    for (const sync::Change& change : changes)
        changed.keys.push_back(change.name);
    auto delta = parts_.replica.write(std::move(changes));
    if (!delta) return std::unexpected(delta.error());
    changed.delta = std::move(*delta);
    for (const sync::Cell& cell : changed.delta.cells)
        changed.versions.push_back(version_of({cell.device, cell.hlc}));
    return changed;
}

Result<Variables::Changed> Variables::set(api::Set call) {
    const auto scope = resolve_scope(call.scope);
    if (!scope) return std::unexpected(scope.error());
    const auto visibility = parse_visibility(call.visibility);
    if (!visibility) return std::unexpected(visibility.error());
    const auto type = parse_type(call.type);
    if (!type) return std::unexpected(type.error());
    const auto injection = parse_injection(call.inject);
    if (!injection) return std::unexpected(injection.error());
    const Wish wish{scope->empty() ? std::string(shared_scope) : *scope,
                    *visibility,
                    *type,
                    *injection,
                    call.force,
                    call.if_version};
    std::vector<sync::Change> changes;
    for (api::Set::Item& item : call.items) {
        if (auto name = check_name(item.key); !name) // not shown: it may be part of a value
            return fail(Code::invalid,
                        "item " + std::to_string(changes.size() + 1) + ": " + name.error().message,
                        name.error().fix);
        if (std::ranges::find(changes, item.key, &sync::Change::name) != changes.end())
            return named_twice(item.key);
        auto change = change_of(item, wish);
        if (!change) return std::unexpected(change.error());
        changes.push_back(std::move(*change));
    }
    return write(std::move(changes));
}

Result<Variables::Changed> Variables::erase(const api::Delete& call) {
    const auto scope = resolve_scope(call.scope);
    if (!scope) return std::unexpected(scope.error());
    const auto outlook = look({});
    if (!outlook) return std::unexpected(outlook.error());
    std::vector<sync::Change> changes;
    for (const std::string& key : call.keys) {
        if (auto name = check_name(key); !name) return std::unexpected(name.error());
        if (std::ranges::find(changes, key, &sync::Change::name) != changes.end())
            return named_twice(key);
        auto reading = visible(key, *scope, outlook->ranking);
        if (!reading) return std::unexpected(reading.error());
        if (!*reading) return no_variable(key);
        changes.push_back(deletion_of(**reading));
    }
    return write(std::move(changes));
}

Result<api::Variable> Variables::get(const api::Get& call) {
    if (auto name = check_name(call.key); !name) return std::unexpected(name.error());
    const auto scope = resolve_scope(call.scope);
    if (!scope) return std::unexpected(scope.error());
    const auto outlook = look(call.scoping);
    if (!outlook) return std::unexpected(outlook.error());
    auto reading = visible(call.key, *scope, outlook->ranking);
    if (!reading) return std::unexpected(reading.error());
    if (!*reading) return no_variable(call.key);
    return describe(**reading, true);
}

Result<api::List::Reply> Variables::list(const api::List& call) {
    const auto scope = resolve_scope(call.scope);
    if (!scope) return std::unexpected(scope.error());
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    api::List::Reply reply;
    std::size_t bytes = 0;
    for (const sync::Reading& reading : **all) {
        if (!scope->empty() && reading.variable.scope != *scope) continue;
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

std::vector<std::string> Variables::names_of(const sync::Delta& delta) {
    std::vector<std::string> names;
    if (delta.partial || delta.cells.size() > most_names) return names;
    for (const sync::Cell& cell : delta.cells) {
        const auto reading = parts_.replica.read(cell.record);
        if (reading && *reading) names.push_back((*reading)->variable.name);
    }
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

Result<Variables::Totals> Variables::totals() {
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    Totals totals;
    totals.variables = (*all)->size();
    for (const sync::Reading& reading : **all)
        totals.conflicts += reading.conflicts > 0 ? 1 : 0;
    return totals;
}

} // namespace envmesh::node
