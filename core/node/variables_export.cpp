// SPDX-License-Identifier: MIT
// What reaches a shell or a program, and why. One function decides for every way out.
#include "core/node/policy.h"
#include "core/node/variable_page.h"
#include "core/node/variables.h"

#include <algorithm>

namespace envmesh::node {
namespace {

using Sorted = std::span<const sync::Reading>; // by name

std::string_view name_of(const sync::Reading& reading) { return reading.variable.name; }

/// Those of one name.
Sorted named(Sorted sorted, std::string_view name) {
    const auto found = std::ranges::equal_range(sorted, name, {}, name_of);
    return {found.begin(), found.end()};
}

/// Those of the first name.
Sorted first_name(Sorted sorted) {
    const auto end = std::ranges::find_if(
        sorted, [&](const sync::Reading& one) { return name_of(one) != name_of(sorted.front()); });
    return {sorted.begin(), end};
}

// JSON may take four bytes for three of a value; and what stands around it.
std::size_t page_share(const sync::Variable& variable) {
    return variable.name.size() + variable.value.size() * 4 / 3 + 64;
}

std::string type_of(const sync::Reading& reading) {
    return std::string(sync::type_name(sync::type_of(reading.variable.tags)));
}

// As a person types it there: whoever approves has to see the same variable.
std::string how_to_approve(const std::string& name, const api::Scoping& scoping) {
    std::string profiles;
    for (const std::string& profile : scoping.profiles)
        profiles += (profiles.empty() ? "-P " : ",") + profile;
    return "envmesh-cli trust " + profiles + (profiles.empty() ? "" : " ") + name;
}

} // namespace

Result<std::optional<Variables::Withheld>>
Variables::why_withheld(const sync::Reading& reading, const api::Scoping& scoping, bool run) {
    const sync::Variable& variable = reading.variable;
    const NameClass kind = classify(variable.name);
    if (kind == NameClass::never) return Withheld{"it could break every shell that it reaches"};
    if (variable.visibility == sync::Visibility::get) return Withheld{"only `get` shows it"};
    if (variable.visibility == sync::Visibility::run && !run)
        return Withheld{"only `run` and `get` show it"};
    if (kind == NameClass::free || reading.dot.device == parts_.self) return std::nullopt;
    const auto approved = approvals_.has(reading);
    if (!approved) return std::unexpected(approved.error());
    if (*approved) return std::nullopt;
    return Withheld{parts_.name_of(reading.dot.device) +
                        " set it, and it changes which code runs here; `" +
                        how_to_approve(variable.name, scoping) + "` approves it",
                    true};
}

Result<bool> Variables::reaches(const sync::Reading* reading, const api::Scoping& scoping,
                                bool run) {
    if (reading == nullptr) return false;
    const auto withheld = why_withheld(*reading, scoping, run);
    if (!withheld) return std::unexpected(withheld.error());
    return !withheld->has_value();
}

Result<api::Export::Reply> Variables::exported(const api::Export& call) {
    const auto outlook = look(call.scoping);
    if (!outlook) return std::unexpected(outlook.error());
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    api::Export::Reply reply;
    if (call.after.empty() && !outlook->without.empty()) reply.skipped.push_back(outlook->without);
    std::size_t bytes = 0;
    std::string_view last = call.after;
    Sorted rest(std::ranges::upper_bound(**all, call.after, {}, name_of), (*all)->end());
    while (!rest.empty()) {
        const Sorted same = first_name(rest);
        rest = rest.subspan(same.size());
        const sync::Reading* const used = strongest(same, outlook->ranking);
        if (used == nullptr) continue;
        const std::string& name = used->variable.name;
        bytes += page_share(used->variable);
        if (bytes > most_page_bytes && last != call.after) {
            reply.next = last; // of the skipped ones too, or the next page would repeat them
            return reply;
        }
        last = name;
        auto withheld = why_withheld(*used, call.scoping, call.run);
        if (!withheld) return std::unexpected(withheld.error());
        if (!*withheld)
            reply.items.push_back({name, used->variable.value.copy(), type_of(*used)});
        else if ((*withheld)->waits)
            bytes += reply.skipped.emplace_back(name + ": " + (*withheld)->reason).size();
    }
    for (const std::string& name : outlook->project.required) {
        const sync::Reading* const used = strongest(named(**all, name), outlook->ranking);
        const auto there = reaches(used, call.scoping, call.run);
        if (!there) return std::unexpected(there.error());
        if (!*there) reply.missing.push_back(name);
    }
    return reply;
}

Result<Variables::Injection> Variables::injection() {
    const api::Scoping as_this_machine;
    const auto outlook = look(as_this_machine);
    if (!outlook) return std::unexpected(outlook.error());
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    Injection out;
    for (Sorted rest(**all); !rest.empty();) {
        const Sorted same = first_name(rest);
        rest = rest.subspan(same.size());
        const sync::Reading* const used = strongest(same, outlook->ranking);
        if (used == nullptr || !sync::is_injected(used->variable.tags)) continue;
        auto withheld = why_withheld(*used, as_this_machine, false);
        if (!withheld) return std::unexpected(withheld.error());
        if (!*withheld && sync::type_of(used->variable.tags) != sync::Type::string)
            *withheld = Withheld{"it is a path, which a shell adds to its own"};
        const sync::Variable& variable = used->variable;
        out.all.push_back({variable.name, variable.scope, *withheld ? "withheld" : "waiting",
                           *withheld ? (*withheld)->reason : std::string()});
        if (!*withheld) out.items.push_back({variable.name, variable.value.copy(), type_of(*used)});
    }
    return out;
}

Result<api::Explain::Reply> Variables::explain(const api::Explain& call) {
    if (auto name = check_name(call.key); !name) return std::unexpected(name.error());
    const auto outlook = look(call.scoping);
    if (!outlook) return std::unexpected(outlook.error());
    std::vector<sync::Reading> found;
    const auto collect = [&](sync::Reading reading) -> Result<> {
        if (reading.variable.name == call.key) found.push_back(std::move(reading));
        return {};
    };
    if (auto read = parts_.replica.read_all(collect); !read) return std::unexpected(read.error());
    if (found.empty()) return no_variable(call.key);
    const Ranking& ranking = outlook->ranking;
    std::ranges::sort(found, std::greater(), [&](const sync::Reading& one) {
        return std::pair(ranking.of(one.variable.scope), std::string_view(one.variable.scope));
    });
    const auto used = std::ranges::find_if(found, [&](const sync::Reading& one) {
        return one.variable.kind == sync::Kind::set && ranking.of(one.variable.scope) > 0;
    });
    api::Explain::Reply reply;
    for (auto one = found.begin(); one != found.end(); ++one)
        reply.layers.push_back(layer(*one, ranking, one == used, used != found.end()));
    reply.reason = outlook->without;
    if (used == found.end()) return reply;
    const auto withheld = why_withheld(*used, call.scoping, false);
    if (!withheld) return std::unexpected(withheld.error());
    reply.exported = !*withheld;
    if (*withheld) reply.reason = (*withheld)->reason;
    return reply;
}

api::Explain::Layer Variables::layer(const sync::Reading& reading, const Ranking& ranking,
                                     bool used, bool is_any_used) const {
    const api::Variable shown = describe(reading, false);
    api::Explain::Layer out;
    out.scope = shown.scope;
    out.version = shown.version;
    out.updated_by = shown.updated_by;
    out.visibility = shown.visibility;
    out.type = shown.type;
    out.updated_at_ms = shown.updated_at_ms;
    out.conflict = shown.conflict;
    out.deleted = reading.variable.kind == sync::Kind::tombstone;
    out.used = used;
    if (out.deleted)
        out.reason = "it was deleted there";
    else if (ranking.of(shown.scope) == 0)
        out.reason =
            shown.profile.empty() ? "it is for another machine" : "its profile is not in use";
    else if (!used && is_any_used)
        out.reason = "a narrower scope has one";
    return out;
}

} // namespace envmesh::node
