// SPDX-License-Identifier: MIT
// Scopes, profiles, projects, and what a person of this machine has approved.
#include "core/node/policy.h"
#include "core/node/variable_page.h"
#include "core/node/variables.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::string_view setting_used = "profiles.used";
constexpr std::string_view setting_made_prefix = "profiles.made.";
constexpr std::size_t most_profiles = 16; // in use at a time
constexpr std::size_t most_path_bytes = 4096;

Result<> check_profile(const std::string& name) {
    if (sync::is_valid_scope(std::string(profile_prefix) + name)) return {};
    return fail(Code::invalid, "that cannot be the name of a profile",
                "use a letter or digit, then letters, digits, '_', '-' and '.', 56 at most");
}

std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

} // namespace

Result<std::string> Variables::resolve_scope(std::string_view scope) {
    if (scope == "device") return own_scope();
    if (scope.starts_with(profile_prefix)) {
        const std::string name(scope.substr(profile_prefix.size()));
        if (auto known = require_profile(name); !known) return std::unexpected(known.error());
    }
    if (scope.starts_with(device_prefix)) {
        const std::string_view wanted = scope.substr(device_prefix.size());
        const auto& members = parts_.chain.members();
        for (const auto& [device, member] : members) // an id first: a name may look like another's
            if (hex(device) == wanted) return std::string(scope);
        for (const auto& [device, member] : members)
            if (!member.removed && parts_.name_of(device) == wanted)
                return std::string(device_prefix) + hex(device);
    } else if (scope.empty() || sync::is_valid_scope(scope)) {
        return std::string(scope);
    }
    return fail(Code::invalid, "no scope is called that",
                "use shared, profile/NAME, device (this machine) or device/NAME");
}

Result<std::set<std::string>> Variables::known_profiles() {
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    std::set<std::string> out;
    for (const sync::Reading& reading : **all)
        if (const std::string& scope = reading.variable.scope; scope.starts_with(profile_prefix))
            out.insert(scope.substr(profile_prefix.size()));
    const auto made = parts_.settings.with_prefix(setting_made_prefix);
    if (!made) return std::unexpected(made.error());
    for (const auto& [name, value] : *made)
        out.insert(name);
    return out;
}

Result<> Variables::require_profile(const std::string& name) {
    if (auto valid = check_profile(name); !valid) return valid;
    const auto known = known_profiles();
    if (!known) return std::unexpected(known.error());
    if (known->contains(name)) return {};
    return fail(Code::not_found, "there is no profile " + name,
                "`envmesh-cli profile list` shows those there are, `profile create` makes one");
}

Result<std::vector<std::string>> Variables::used_profiles() {
    const auto setting = parts_.settings.get(setting_used);
    if (!setting) return std::unexpected(setting.error());
    return *setting ? lines((*setting)->reveal_text()) : std::vector<std::string>();
}

Result<Outlook> Variables::look(const api::Scoping& scoping) {
    std::vector<std::string> profiles = scoping.profiles;
    for (const std::string& name : profiles)
        if (auto known = require_profile(name); !known) return std::unexpected(known.error());
    Outlook out{Ranking(own_scope(), {}), {}, {}};
    if (profiles.empty()) {
        auto used = used_profiles();
        if (!used) return std::unexpected(used.error());
        profiles = std::move(*used);
        if (!scoping.project.empty())
            if (auto seen = look_at_project(scoping, out); !seen)
                return std::unexpected(seen.error());
        if (!out.project.profile.empty()) profiles.push_back(out.project.profile);
    }
    out.ranking = Ranking(own_scope(), std::move(profiles));
    return out;
}

Result<> Variables::look_at_project(const api::Scoping& scoping, Outlook& outlook) {
    const auto trusted = approvals_.has_project(scoping.project, scoping.project_text);
    if (!trusted) return std::unexpected(trusted.error());
    if (!*trusted) {
        outlook.without =
            scoping.project + ": it is not trusted; see `envmesh-cli trust --project`";
        return {};
    }
    auto project = config::parse_project(scoping.project_text, scoping.project);
    if (!project)
        outlook.without = project.error().message;
    else if (auto known = project->profile.empty() ? Result<>{} : require_profile(project->profile);
             !known)
        outlook.without = scoping.project + ": " + known.error().message;
    else
        outlook.project = std::move(*project);
    return {};
}

Result<api::Profiles::Reply> Variables::profiles() {
    const auto known = known_profiles();
    if (!known) return std::unexpected(known.error());
    const auto used = used_profiles();
    if (!used) return std::unexpected(used.error());
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    api::Profiles::Reply reply;
    for (const std::string& name : *known) {
        const std::string scope = std::string(profile_prefix) + name;
        const auto has = std::ranges::count_if(
            **all, [&](const sync::Reading& one) { return one.variable.scope == scope; });
        const auto place = std::ranges::find(*used, name);
        reply.profiles.push_back(
            {name, static_cast<std::uint64_t>(has),
             place == used->end() ? 0U : static_cast<std::uint64_t>(place - used->begin()) + 1});
    }
    return reply;
}

Result<> Variables::use_profiles(const api::UseProfiles& call) {
    if (call.names.size() > most_profiles)
        return fail(Code::invalid, "more than 16 profiles cannot be in use", "name fewer of them");
    std::string text;
    for (const std::string& name : call.names) {
        if (auto known = require_profile(name); !known) return known;
        if (std::ranges::count(call.names, name) > 1)
            return fail(Code::usage, "the profile " + name + " is named twice", "name it once");
        text += name + '\n';
    }
    if (text.empty()) return parts_.settings.erase(setting_used);
    return parts_.settings.put(setting_used, view(text));
}

Result<> Variables::create_profile(const api::CreateProfile& call) {
    if (auto valid = check_profile(call.name); !valid) return valid;
    const auto known = known_profiles();
    if (!known) return std::unexpected(known.error());
    if (known->contains(call.name))
        return fail(Code::conflict, "there is a profile " + call.name + " already",
                    "choose another name");
    return parts_.settings.put(std::string(setting_made_prefix) + call.name, view(call.name));
}

Result<Variables::Changed> Variables::delete_profile(const api::DeleteProfile& call) {
    if (auto known = require_profile(call.name); !known) return std::unexpected(known.error());
    const auto used = used_profiles();
    if (!used) return std::unexpected(used.error());
    if (std::ranges::find(*used, call.name) != used->end())
        return fail(Code::conflict, "the profile " + call.name + " is in use on this machine",
                    "`envmesh-cli profile use` with other names, or with none, ends that");
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    std::vector<sync::Change> changes;
    for (const sync::Reading& reading : **all)
        if (reading.variable.scope == std::string(profile_prefix) + call.name)
            changes.push_back(deletion_of(reading));
    auto changed = write(std::move(changes));
    if (!changed) return changed;
    if (auto done = parts_.settings.erase(std::string(setting_made_prefix) + call.name); !done)
        return std::unexpected(done.error());
    return changed;
}

// To say yes to something else than what was shown is no approval.
Result<const sync::Reading*> Variables::shown(const std::string& key, const std::string& version) {
    if (auto name = check_name(key); !name) return std::unexpected(name.error());
    if (classify(key) == NameClass::never)
        return fail(Code::denied, key + " is never exported, approved or not");
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    for (const sync::Reading& reading : **all)
        if (reading.variable.name == key && version_of(reading.dot) == version) return &reading;
    return fail(Code::conflict, key + " has changed since it was shown",
                "look at it again, then approve it");
}

Result<> Variables::trust(const api::Trust& call) {
    if (call.versions.size() != call.keys.size())
        return fail(Code::usage, "there is not one version for each variable");
    std::vector<const sync::Reading*> approved;
    for (std::size_t at = 0; at < call.keys.size(); ++at) {
        const auto reading = shown(call.keys[at], call.versions[at]);
        if (!reading) return std::unexpected(reading.error());
        approved.push_back(*reading);
    }
    if (call.project.size() > most_path_bytes)
        return fail(Code::invalid, "the project's path is longer than 4096 bytes");
    if (!call.project.empty())
        if (auto project = config::parse_project(call.project_text, call.project); !project)
            return std::unexpected(project.error());
    const auto work = [&]() -> Result<> {
        for (const sync::Reading* reading : approved)
            if (auto done = approvals_.add(*reading); !done) return done;
        return call.project.empty() ? Result<>{}
                                    : approvals_.add_project(call.project, call.project_text);
    };
    return parts_.database.transaction(work);
}

Result<> Variables::distrust(const api::Distrust& call) {
    const auto work = [&]() -> Result<> {
        for (const std::string& key : call.keys) {
            if (auto name = check_name(key); !name) return name;
            if (auto done = approvals_.remove(key); !done) return done;
        }
        return call.project.empty() ? Result<>{} : approvals_.remove_project(call.project);
    };
    return parts_.database.transaction(work);
}

Result<api::Untrusted::Reply> Variables::untrusted(const api::Untrusted& call) {
    const auto outlook = look(call.scoping);
    if (!outlook) return std::unexpected(outlook.error());
    const auto all = readings();
    if (!all) return std::unexpected(all.error());
    api::Untrusted::Reply reply;
    for (const sync::Reading& reading : **all) {
        if (outlook->ranking.of(reading.variable.scope) == 0) continue;
        const auto withheld = why_withheld(reading, call.scoping, true);
        if (!withheld) return std::unexpected(withheld.error());
        if (*withheld && (*withheld)->waits)
            reply.variables.push_back(describe(reading, call.values));
    }
    return reply;
}

} // namespace envmesh::node
