// SPDX-License-Identifier: MIT
// What goes into a replica, what is read from it, and what it tells other replicas.
#pragma once

#include "core/sync/store.h"
#include "core/sync/variable.h"

namespace envmesh::sync {

/// A local change to make.
struct Change {
    std::string scope = "shared";
    std::string name{};
    Secret value{};
    Kind kind = Kind::set;
    Visibility visibility = Visibility::shell;
    std::vector<Tag> tags{};
};

/// One variable as it stands: the winner, and how many other undominated changes there are.
struct Reading {
    RecordId record{};
    Dot dot;
    Variable variable; // the winner; may be a tombstone
    std::size_t conflicts = 0;
    bool pending = false; // our change, not yet acknowledged
};

/// A delta-interval (Almeida et al.): all changes in (from, to] of the devices that it lists.
struct Delta {
    VersionVector from;
    VersionVector to;
    std::vector<Cell> cells;
    bool partial = false; // they are many: `cells` has only some, the rest is in the store
    [[nodiscard]] bool empty() const { return cells.empty() && to.empty(); }
};

} // namespace envmesh::sync
