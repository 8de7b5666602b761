// SPDX-License-Identifier: MIT
// One node's copy of a mesh: stamps and seals local writes, applies what peers send, reads
// (protocol §2.8, §2.9, A1 to A5). Members and blind servers run the same code. Invariants: equal
// version vectors mean equal digests (I1); an acknowledged write is present or causally overwritten
// (I2); own hlc strictly increases (I8).
#pragma once

#include "core/base/clock.h"
#include "core/sync/authority.h"

namespace envmesh::sync {

/// A local change to make.
struct Change {
    std::string scope = "shared";
    std::string name;
    Secret value;
    Kind kind = Kind::set;
    Visibility visibility = Visibility::shell;
    std::vector<Tag> tags;
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
    [[nodiscard]] bool empty() const { return cells.empty() && to.empty(); }
};

class Replica {
  public:
    /// `self` is absent on a blind server.
    Replica(Store& store, const Authority& authority, Clock& clock, Random& random,
            std::optional<DeviceId> self);

    /// All changes in one transaction, durable when this returns. The delta is what peers are to be
    /// told.
    Result<Delta> write(std::vector<Change> changes);
    Result<std::optional<Reading>> read(std::string_view scope, std::string_view name);
    Result<std::optional<Reading>> read(const RecordId& record);
    /// Every record that has a readable winner, tombstones included; in no particular order.
    Result<> read_all(const std::function<Result<>(Reading)>& visit);

    /// Applies received cells and joins `to` into the version vector, clamped to what is held (A1),
    /// in one transaction. Returns what changed here, to be passed on.
    Result<Delta> apply(const std::vector<Cell>& cells, const VersionVector& to);
    /// After a pull from a peer whose version vector is `peer`: acknowledges, re-stamps or gives up
    /// own changes, so that a restored device loses nothing in silence (§2.9 "Restored device").
    Result<Delta> reconcile_own(const VersionVector& peer);
    /// The peer holds all our changes up to `hlc`.
    Result<> acknowledge(Hlc hlc);

    /// Held changes whose time has come become readable, unreadable ones are tried again. Call once
    /// a minute and after keys changed. Returns the records that changed.
    Result<std::vector<RecordId>> reexamine();
    /// Our clock is off by this much (a server's time minus ours, when above five minutes):
    /// corrects the physical time and re-stamps what nobody has seen (S2).
    Result<Delta> correct_clock(std::int64_t offset_ms);
    [[nodiscard]] std::int64_t clock_offset_ms() const { return clock_offset_ms_; }

    [[nodiscard]] Store& store() { return store_; }
    [[nodiscard]] const Authority& authority() const { return authority_; }
    [[nodiscard]] const std::optional<DeviceId>& self() const { return self_; }

  private:
    Store& store_;
    const Authority& authority_;
    Clock& clock_;
    Random& random_;
    std::optional<DeviceId> self_;
    std::int64_t clock_offset_ms_ = 0;
};

} // namespace envmesh::sync
