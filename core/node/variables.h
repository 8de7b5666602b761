// SPDX-License-Identifier: MIT
// The variables of a mesh as a person of one of its machines sees and changes them: scopes,
// profiles, what may reach a shell, what they were before. A change is durable when a call returns;
// the delta is to be told to the other machines.
#pragma once

#include "core/api/calls.h"
#include "core/node/approvals.h"
#include "core/node/readings.h"
#include "core/node/scoping.h"

#include <set>

namespace envmesh::node {

class Variables {
  public:
    struct Parts { // all of them outlive this
        storage::Database& database;
        storage::Settings& settings;
        storage::CellStore& cells;
        sync::Replica& replica;
        const sync::Authority& authority;
        const mesh::Chain& chain;
        mesh::DeviceId self;
        std::function<std::string(const mesh::DeviceId&)> name_of;
    };
    explicit Variables(Parts parts);

    struct Changed {
        sync::Delta delta;
        std::vector<std::string> keys, versions;
    };
    struct Totals {
        std::uint64_t variables = 0, conflicts = 0;
    };
    Result<Changed> set(api::Set call);
    Result<Changed> erase(const api::Delete& call);
    Result<api::Variable> get(const api::Get& call);
    Result<api::List::Reply> list(const api::List& call);
    Result<Totals> totals();
    /// The names that a delta concerns; empty when more than a thousand.
    std::vector<std::string> names_of(const sync::Delta& delta);
    // variables_export.cpp
    Result<api::Export::Reply> exported(const api::Export& call);
    Result<api::Explain::Reply> explain(const api::Explain& call);
    /// What programs that no shell starts are to get, and why others of those so marked do not.
    struct Injection {
        std::vector<api::Export::Item> items;
        std::vector<api::Injected::Item> all;
    };
    Result<Injection> injection();
    // variables_scopes.cpp
    Result<api::Profiles::Reply> profiles();
    Result<> use_profiles(const api::UseProfiles& call);
    Result<> create_profile(const api::CreateProfile& call);
    Result<Changed> delete_profile(const api::DeleteProfile& call);
    Result<> trust(const api::Trust& call);
    Result<> distrust(const api::Distrust& call);
    Result<api::Untrusted::Reply> untrusted(const api::Untrusted& call);
    // variables_history.cpp
    Result<api::History::Reply> history(const api::History& call);
    Result<Changed> roll_back(const api::Rollback& call);

    /// Opens what has changed, so that no shell waits for it, and wipes what was replaced.
    void read_ahead() { static_cast<void>(readings()); } // an error is told to who asks

  private:
    struct Wish;
    struct Past;
    Result<sync::Change> change_of(api::Set::Item& item, const Wish& wish);
    Result<Changed> write(std::vector<sync::Change> changes);
    /// What stands there, unless it was deleted.
    Result<std::optional<sync::Reading>> living(std::string_view scope, std::string_view key);
    Result<std::optional<sync::Reading>> visible(std::string_view key, std::string_view scope,
                                                 const Ranking& ranking);
    Result<const std::vector<sync::Reading>*> readings() { return readings_.all(); }
    api::Variable describe(const sync::Reading& reading, bool with_value) const;
    Result<std::string> resolve_scope(std::string_view scope);
    Result<std::set<std::string>> known_profiles();
    Result<> require_profile(const std::string& name);
    Result<std::vector<std::string>> used_profiles();
    Result<Outlook> look(const api::Scoping& scoping);
    /// That version of the variable, wherever it stands.
    Result<const sync::Reading*> shown(const std::string& key, const std::string& version);
    Result<> look_at_project(const api::Scoping& scoping, Outlook& outlook);
    struct Withheld {
        std::string reason;
        bool waits = false; // for approval
    };
    /// Why it does not reach a shell, or a program of its own; nothing when it does.
    Result<std::optional<Withheld>> why_withheld(const sync::Reading& reading,
                                                 const api::Scoping& scoping, bool run);
    Result<bool> reaches(const sync::Reading* reading, const api::Scoping& scoping, bool run);
    [[nodiscard]] api::Explain::Layer layer(const sync::Reading& reading, const Ranking& ranking,
                                            bool used, bool is_any_used) const;
    Result<std::vector<Past>> past(std::string_view scope, std::string_view key);
    Result<std::string> scope_with_past(const std::string& key, const std::string& scope,
                                        const api::Scoping& scoping);
    Result<> may_come_back(const sync::Opened& version);
    [[nodiscard]] std::vector<std::string> scopes_by_strength(const Ranking& ranking) const;
    [[nodiscard]] std::string own_scope() const;

    Parts parts_;
    Approvals approvals_;
    Readings readings_;
};

} // namespace envmesh::node
