// SPDX-License-Identifier: MIT
// All variables that are there, opened, for what every new shell asks. To open ten thousand takes
// longer than a shell waits, so they stay until the vault is locked, and only records that have
// changed are opened again: what was replaced or deleted is wiped by that.
#pragma once

#include "core/storage/cells.h"
#include "core/sync/replica.h"

namespace envmesh::node {

class Readings {
  public:
    /// The only one that asks this store what was touched.
    Readings(storage::CellStore& cells, sync::Replica& replica)
        : cells_(cells), replica_(replica) {}

    /// By name, then by scope; without tombstones. Valid until the next call. `pending` is as of
    /// when each was opened.
    Result<const std::vector<sync::Reading>*> all();

  private:
    using Touched = std::set<sync::RecordId>;
    Result<> read_all();
    Result<> read_again(const Touched& touched);

    storage::CellStore& cells_;
    sync::Replica& replica_;
    std::optional<std::vector<sync::Reading>> kept_;
};

} // namespace envmesh::node
