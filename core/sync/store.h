// SPDX-License-Identifier: MIT
// What replication needs of storage: one mesh's registers on one node. A register is (record,
// device) and holds that device's newest change of that record; nothing else is replicated.
// MemoryStore serves the simulation, storage::CellStore the product. All calls are made on the
// owner thread.
#pragma once

#include "core/base/error.h"
#include "core/sync/envelope.h"

#include <compare>
#include <functional>
#include <optional>

namespace envmesh::sync {

/// Decides visibility on members, never replication (A2). Servers keep every cell `readable`.
enum class CellState : std::uint8_t {
    readable = 0,
    unreadable = 1, // does not open, or is not canonical
    held = 2,       // from a clock more than five minutes ahead of ours (A4)
};

struct Cell {
    RecordId record{};
    DeviceId device{};
    Hlc hlc = 0;
    Bytes envelope;           // the exact signed bytes
    crypto::ShortHash hash{}; // BLAKE2b-128 of them
    CellState state = CellState::readable;
};

/// Position in (hlc, device, record) order.
struct Cursor {
    Hlc hlc = 0;
    DeviceId device{};
    RecordId record{};
    auto operator<=>(const Cursor&) const = default;
};
inline Cursor cursor_of(const Cell& cell) { return {cell.hlc, cell.device, cell.record}; }

/// Where an interrupted pull stands (§2.9 "Resume"): all up to `cursor` of the sender's state
/// `target` is staged.
struct Resume {
    VersionVector target;
    Cursor cursor;
    bool operator==(const Resume&) const = default;
};

/// Names the other end of a pull in the inbox: the server's or member's device id.
using PeerId = DeviceId;

struct Usage {
    std::uint64_t cells = 0;
    std::uint64_t bytes = 0; // of envelopes
};
/// More than `most`, where 0 is no limit.
inline bool exceeds(const Usage& used, const Usage& most) {
    return (most.cells != 0 && used.cells > most.cells) ||
           (most.bytes != 0 && used.bytes > most.bytes);
}

class Store {
  public:
    virtual ~Store() = default;

    /// All that `work` writes is kept, durably, or none of it, with its error. Not nested.
    virtual Result<> transaction(const std::function<Result<>()>& work) = 0;

    // Registers
    virtual Result<std::optional<Cell>> find(const RecordId& record, const DeviceId& device) = 0;
    virtual Result<std::vector<Cell>> cells_of(const RecordId& record) = 0;
    /// At most `limit` cells after `after` in (hlc, device, record) order for which hlc >
    /// floor[device] holds, or which come after `resume->cursor` (when given: hlc >
    /// resume->target[device] or cursor > resume->cursor, and hlc > floor[device]). Stops early
    /// once `most_bytes` of envelopes are collected (always at least one).
    virtual Result<std::vector<Cell>> scan(const VersionVector& floor, const Resume* resume,
                                           const Cursor& after, std::size_t limit,
                                           std::size_t most_bytes) = 0;
    /// Every cell, ordered by record. Stops at the first error of `visit`.
    virtual Result<> each(const std::function<Result<>(const Cell&)>& visit) = 0;
    /// Inserts or replaces; the replaced cell goes to the history where the node keeps one.
    virtual Result<> put(const Cell& cell) = 0;
    virtual Result<> set_state(const RecordId& record, const DeviceId& device, CellState state) = 0;
    /// At most `limit` held or unreadable cells in cursor order, after `after`, hlc <= `until`.
    virtual Result<std::vector<Cell>> in_state(CellState state, Hlc until, const Cursor& after,
                                               std::size_t limit) = 0;
    virtual Result<std::uint64_t> count(CellState state) = 0;
    virtual Result<Hash> digest() = 0; // BLAKE2b-256 over sorted (record, device, hlc, hash)
    virtual Result<Usage> usage() = 0;

    // Progress
    virtual Result<VersionVector> versions() = 0;
    virtual Result<> set_version(const DeviceId& device, Hlc hlc) = 0;
    virtual Result<Hlc> newest_of(const DeviceId& device) = 0; // among the cells held (A1)

    // A member's own state (unused on servers)
    virtual Result<Hlc> last() = 0; // hybrid clock, persisted with each write
    virtual Result<> set_last(Hlc hlc) = 0;
    virtual Result<Hlc> acknowledged() = 0; // newest own hlc that a peer is known to hold
    virtual Result<> set_acknowledged(Hlc hlc) = 0;
    virtual Result<std::vector<Cell>> outbox() = 0; // own changes, not acknowledged; one per record
    virtual Result<std::uint64_t> outbox_size() = 0;
    virtual Result<> outbox_put(const Cell& cell) = 0;
    virtual Result<> outbox_erase(const RecordId& record) = 0;
    virtual Result<> history_add(const Cell& cell) = 0; // a change that lost (I5)

    // Staged pull
    virtual Result<> inbox_add(const PeerId& peer, const std::vector<Cell>& cells,
                               const Resume& resume) = 0;
    virtual Result<std::optional<Resume>> inbox_resume(const PeerId& peer) = 0;
    /// The newest of each register, ordered by record. `visit` may not write the inbox.
    virtual Result<> inbox_each(const PeerId& peer, const std::function<Result<>(Cell)>& visit) = 0;
    virtual Result<Usage> inbox_usage() = 0; // of all peers
    virtual Result<> inbox_expire() = 0;     // what was staged hours ago and never resumed
    virtual Result<> inbox_clear(const PeerId& peer) = 0;
    virtual Result<> inbox_clear_all() = 0;
};

} // namespace envmesh::sync
