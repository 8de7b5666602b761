// SPDX-License-Identifier: MIT
// Calls about variables. Only Variable, Set and Export carry values, as Secrets. A value is at most
// 130,048 bytes without NUL; names follow the policy of shell.md §4.3, which the node applies.
#pragma once

#include "core/base/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace envmesh::api {

inline constexpr std::size_t most_value_bytes = 130'048;

// A scope is "shared", "profile/<name>", "device/<32 hex digits>", or, in a call, "device" for this
// machine and "device/<name>" for another. A type is "string", "path" (its elements go before those
// that a shell has already) or "path-append".

struct Variable {
    std::string key, scope, profile, visibility, type, version, updated_by;
    std::int64_t updated_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms;
    bool conflict = false;
    bool inject = false; // programs that no shell starts get it too
    std::optional<Secret> value;
};
/// Which scopes count. What a machine sees for a name: its own device's over the profiles', of
/// which the last one named wins, over the shared one.
struct Scoping {
    std::vector<std::string> profiles; // these alone; empty: those in use, and then the project's
    std::string project, project_text; // a file that names a profile: its path, and what it says
};
struct Get {
    static constexpr auto call = "get";
    std::string key, scope; // scope empty: as this machine sees it
    Scoping scoping{};
    using Reply = Variable;
};
struct Set {
    static constexpr auto call = "set";
    struct Item {
        std::string key;
        Secret value;
    };
    std::vector<Item> items;       // all or none
    std::string scope, visibility; // empty: "shared", and unchanged or "shell"
    std::string type;              // empty: unchanged or "string"
    bool force = false;            // stores a name of class A, for `get` only
    std::string if_version;        // `conflict` when another one is there; "none": when any is
    std::string inject;            // yes | no; empty: unchanged or no
    struct Reply {
        std::vector<std::string> keys, versions;
        std::uint64_t pending_sync = 0;
    };
};
struct Delete {
    static constexpr auto call = "delete";
    std::vector<std::string> keys; // all or none
    std::string scope;
    struct Reply {
        std::vector<std::string> keys, versions;
        std::uint64_t pending_sync = 0;
    };
};
struct List {
    static constexpr auto call = "list";
    bool values = false;
    std::string after; // "key\nscope" of the last one
    std::string scope; // empty: all of them
    struct Reply {
        std::vector<Variable> variables;
        std::string next;
    };
};
/// What a shell or a program is to get: resolved over scopes, name policy applied, sorted by name.
struct Export {
    static constexpr auto call = "export";
    Scoping scoping;
    bool run = false; // for a program of its own: visibility run as well
    std::string after;
    struct Item {
        std::string key;
        Secret value;
        std::string type{};
    };
    struct Reply {
        std::vector<Item> items;
        std::vector<std::string> skipped; // "NAME: reason", or why the project does not count
        std::vector<std::string> missing; // required names that are not given; with the last page
        std::string next;
    };
};
/// The variables that are to reach programs which no shell starts (platform/environment.h), and how
/// far they have come on this machine.
struct Injected {
    static constexpr auto call = "injected";
    struct Item {
        std::string key, scope;
        std::string state;  // there | partly | refused (nowhere) | waiting | withheld
        std::string reason; // why it is not there, or not everywhere
    };
    struct Reply {
        std::vector<Item> items;         // by name
        std::vector<std::string> places; // that this machine has
        std::string reason;              // why there are none, or not all: sentences
    };
};

} // namespace envmesh::api
