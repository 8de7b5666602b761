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

struct Variable {
    std::string key, scope, profile, visibility, type, version, updated_by;
    std::int64_t updated_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms;
    bool conflict = false;
    std::optional<Secret> value;
};
struct Get {
    static constexpr auto call = "get";
    std::string key, scope; // scope empty: as this machine sees it
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
    bool force = false;            // stores a name of class A, for `get` only
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
    std::string after; // "scope\nkey" of the last one
    struct Reply {
        std::vector<Variable> variables;
        std::string next;
    };
};
/// What a shell is to get: visibility shell, resolved over scopes, name policy applied, sorted by
/// name.
struct Export {
    static constexpr auto call = "export";
    std::string after;
    struct Item {
        std::string key;
        Secret value;
    };
    struct Reply {
        std::vector<Item> items;
        std::vector<std::string> skipped;
        std::string next;
    }; // skipped: "NAME: reason"
};

} // namespace envmesh::api
