// SPDX-License-Identifier: MIT
// Calls about which variables count on this machine, and why: profiles, approval, older versions.
#pragma once

#include "core/api/node_calls.h"
#include "core/api/variable_calls.h"

namespace envmesh::api {

/// Profiles that have variables, are in use here or were made here.
struct Profiles {
    static constexpr auto call = "profiles";
    struct Profile {
        std::string name;
        std::uint64_t variables = 0;
        std::uint64_t place = 0; // in use: 1 for the first one named; 0: not in use
    };
    struct Reply {
        std::vector<Profile> profiles; // by name
    };
};
/// On this machine alone, instead of those in use so far; none: no profile.
struct UseProfiles {
    static constexpr auto call = "use-profiles";
    std::vector<std::string> names;
    using Reply = Done;
};
/// Other machines see it once it has a variable.
struct CreateProfile {
    static constexpr auto call = "create-profile";
    std::string name;
    using Reply = Done;
};
/// With all of its variables.
struct DeleteProfile {
    static constexpr auto call = "delete-profile";
    std::string name;
    using Reply = Delete::Reply;
};

/// Approves the values that these variables have now, on this machine; or a project's file.
struct Trust {
    static constexpr auto call = "trust";
    std::vector<std::string> keys;     // all or none
    std::vector<std::string> versions; // one for each, as a person saw it: no other is approved
    std::string project, project_text;
    using Reply = Done;
};
struct Distrust {
    static constexpr auto call = "distrust";
    std::vector<std::string> keys;
    std::string project; // path: every content of it
    using Reply = Done;
};
/// What waits for approval.
struct Untrusted {
    static constexpr auto call = "untrusted";
    bool values = false;
    Scoping scoping{};
    struct Reply {
        std::vector<Variable> variables;
    };
};

/// Why a name has the value that it has here.
struct Explain {
    static constexpr auto call = "explain";
    std::string key;
    Scoping scoping;
    struct Layer { // the strongest first
        std::string scope, version, updated_by, visibility, type;
        std::int64_t updated_at_ms = 0;
        bool deleted = false, conflict = false, used = false;
        std::string reason; // why it is not used
    };
    struct Reply {
        std::vector<Layer> layers;
        bool exported = false;
        std::string reason; // why not, or what makes it so: a sentence
    };
};

/// The newest first: what counts, what lost against it, what it replaced. Kept on this machine: 10
/// versions for 90 days.
struct History {
    static constexpr auto call = "history";
    std::string key, scope; // scope empty: as this machine sees it
    bool values = false;
    std::uint64_t after = 0; // number of the last one
    Scoping scoping{};
    struct Entry {
        std::uint64_t number = 0; // 1 is the newest
        std::string state;        // current | conflict | replaced
        std::string version, updated_by, visibility, type;
        std::int64_t updated_at_ms = 0;
        bool deleted = false;
        std::optional<Secret> value;
    };
    struct Reply {
        std::string scope;
        std::vector<Entry> entries;
        std::uint64_t next = 0; // 0: that was all
    };
};
/// Writes an older version anew, or one of several in conflict, which is settled by that.
struct Rollback {
    static constexpr auto call = "rollback";
    std::string key, scope, to; // `to`: a version
    bool settles = false;       // `conflict` unless it is one of several in conflict
    Scoping scoping{};
    using Reply = Set::Reply;
};

} // namespace envmesh::api
