// SPDX-License-Identifier: MIT
// One node's copy of a mesh: stamps and seals local writes, applies what peers send, reads
// (protocol §2.8, §2.9, A1 to A5). Members and blind servers run the same code. Invariants: equal
// version vectors mean equal digests (I1); an acknowledged write is present or causally overwritten
// (I2); own hlc strictly increases (I8).
#pragma once

#include "core/base/clock.h"
#include "core/sync/authority.h"
#include "core/sync/change.h"
#include "core/sync/merge.h"

#include <span>

namespace envmesh::sync {

class Replica {
  public:
    /// Whether changes from a clock far ahead of ours wait for their time (A4).
    enum class Holding { on, off };

    /// `self` is absent on a blind server.
    Replica(Store& store, const Authority& authority, Clock& clock, Random& random,
            std::optional<DeviceId> self, Holding holding = Holding::on);

    /// All changes in one transaction, durable when this returns. The delta is what peers are to be
    /// told.
    Result<Delta> write(std::vector<Change> changes);
    Result<std::optional<Reading>> read(std::string_view scope, std::string_view name);
    Result<std::optional<Reading>> read(const RecordId& record);
    /// Every record that has a readable winner, tombstones included; in no particular order.
    Result<> read_all(const std::function<Result<>(Reading)>& visit);

    /// Applies received cells and joins `to` into the version vector, clamped to what is held (A1),
    /// in one transaction. Returns what changed here, to be passed on. A cell later than `to`
    /// promises is not complete yet and is left out. `denied`: more than `quota` (0 = none).
    Result<Delta> apply(const std::vector<Cell>& cells, const VersionVector& to,
                        const Usage& quota = {});
    /// The same for a pull: with the cells staged of this peer, which are forgotten. Keeps what it
    /// learnt of our own changes for `reconcile_own`, to be called next.
    Result<Delta> apply_pull(const PeerId& peer, std::vector<Cell> cells, const VersionVector& to,
                             const Usage& quota = {});
    /// After a pull from a peer whose version vector is `peer`: acknowledges, re-stamps or gives up
    /// own changes, so that a restored device loses nothing in silence (§2.9 "Restored device").
    /// Goes by the cells that came (A1); a claim in `peer` beyond them is only reported.
    Result<Delta> reconcile_own(const VersionVector& peer);
    /// The peer holds all our changes up to `hlc`. To be called only after a pull from it.
    Result<> acknowledge(Hlc hlc);

    /// Held changes whose time has come become readable; unreadable ones are tried again once keys
    /// have changed, and the first time. Call once a minute. Returns the records that changed.
    Result<std::vector<RecordId>> reexamine();
    /// To be called when the authority has come to know other keys or another chain.
    void keys_changed() { keys_changed_ = true; }
    /// Our clock is off by this much (a trusted server's time minus ours; five minutes or less
    /// count as right): corrects the physical time, re-stamps what nobody has seen and holds what a
    /// wrong clock had let pass (S2). Cheap when nothing is wrong: call it before each session
    /// starts.
    Result<Delta> correct_clock(std::int64_t offset_ms);
    [[nodiscard]] std::int64_t clock_offset_ms() const { return clock_offset_ms_; }

    [[nodiscard]] Store& store() { return store_; }
    [[nodiscard]] const Authority& authority() const { return authority_; }
    [[nodiscard]] const std::optional<DeviceId>& self() const { return self_; }

  private:
    struct Incoming; // a cell to apply, and the one it replaces

    [[nodiscard]] std::int64_t now_ms() { return clock_.wall_ms() + clock_offset_ms_; }
    [[nodiscard]] bool is_ahead(Hlc hlc, std::int64_t now) const;
    /// Two or more other devices ahead of us: then our own clock is the wrong one (A4).
    [[nodiscard]] bool own_clock_is_wrong(const VersionVector& versions, std::int64_t now) const;

    Result<std::vector<Opened>> open_record(const RecordId& record);
    [[nodiscard]] std::vector<Opened> open_all(std::span<const Cell> cells) const;
    Result<std::optional<Reading>> reading(const RecordId& record, std::vector<Opened> cells,
                                           Hlc acknowledged) const;
    Result<Cell> write_one(Change change, Hlc& last);
    Result<Cell> seal(const Variable& variable, Hlc hlc, std::size_t least_bucket);
    Result<> keep_own(const Cell& cell);

    Result<> merge_in(std::vector<Cell> cells, const VersionVector& to, const Usage& quota,
                      Delta& delta);
    Result<> merge_staged(const PeerId& peer, const VersionVector& to, const Usage& quota,
                          Delta& delta);
    Result<std::vector<Incoming>> compare(std::vector<Cell> cells);
    Result<> within(const Usage& quota);
    Result<> settle_states(std::vector<Incoming>& incoming, const VersionVector& versions);
    Result<> keep(const Incoming& one);

    /// Unacknowledged changes get new stamps from `last` on, in the old order. Seen stamps above
    /// `purge_above` are forgotten.
    Result<std::vector<Cell>> restamp(std::vector<Cell> unsent, Hlc last, std::int64_t shift_ms,
                                      Hlc purge_above);
    struct Believed {
        Hlc last = 0; // newest stamp
        Hlc sent = 0; // newest of ours
    };
    struct Examination {
        std::int64_t now = 0;
        bool hold = false;
        std::vector<RecordId> changed{};
    };
    Result<> examine(const Cell& cell, Examination& run);
    Result<> examine_all(CellState state, Hlc until, Examination& run);
    Result<Believed> believe(const std::vector<Cell>& unsent, Hlc acknowledged);
    Result<> restamp_unsent(std::int64_t shift_ms, Delta& delta);

    Store& store_;
    const Authority& authority_;
    Clock& clock_;
    Random& random_;
    std::optional<DeviceId> self_;
    Holding holding_;
    std::int64_t clock_offset_ms_ = 0;
    Hlc own_received_ = 0; // newest change of ours among the cells of the last pull
    bool keys_changed_ = true;
};

} // namespace envmesh::sync
