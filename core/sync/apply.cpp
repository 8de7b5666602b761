// SPDX-License-Identifier: MIT
// Replica, the receiving half: cells from peers, and what they say about our own changes.
#include "core/base/log.h"
#include "core/sync/replica.h"

#include <algorithm>
#include <tuple>

namespace envmesh::sync {

struct Replica::Incoming {
    Cell cell;
    std::optional<Cell> replaces;
};

namespace {

// A staged pull is merged in parts of this size.
constexpr std::size_t part_cells = 1024;
constexpr std::size_t part_bytes = 4 * 1024 * 1024;

auto rank(const Cell& cell) { return std::tie(cell.record, cell.device, cell.hlc, cell.hash); }

/// The newest of each register; in record order, which is also the order that storage likes.
void reduce(std::vector<Cell>& cells) {
    std::ranges::sort(cells, std::greater{}, rank);
    const auto same = [](const Cell& a, const Cell& b) {
        return a.record == b.record && a.device == b.device;
    };
    const auto rest = std::ranges::unique(cells, same);
    cells.erase(rest.begin(), rest.end());
}

/// All of `delta.from` and `.to` for one cell; `before` are the versions without it.
void extend(Delta& delta, const Cell& cell, const VersionVector& before) {
    const Hlc old = version_of(before, cell.device);
    delta.from.try_emplace(cell.device, old);
    Hlc& to = delta.to.try_emplace(cell.device, old).first->second;
    to = std::max(to, cell.hlc);
}

} // namespace

/// Decides what each register becomes. An identical or older cell is dropped here; a different one
/// with the same stamp (a clone, a frozen clock) loses or wins by its hash (A5).
Result<std::vector<Replica::Incoming>> Replica::compare(std::vector<Cell> cells) {
    std::vector<Incoming> out;
    for (Cell& cell : cells) {
        auto held = store_.find(cell.record, cell.device);
        if (!held) return std::unexpected(held.error());
        const bool own = self_ && cell.device == *self_;
        if (own) own_received_ = std::max(own_received_, cell.hlc);
        const bool newer =
            !*held || std::tie(cell.hlc, cell.hash) > std::tie((*held)->hlc, (*held)->hash);
        const bool same = *held && (*held)->hlc == cell.hlc && (*held)->hash == cell.hash;
        if (*held && (*held)->hlc == cell.hlc && !same)
            log_warning("two changes carry one stamp", "device", hex(cell.device));
        // The peer has this change of ours, or a later one that takes its place.
        if (own && (newer || same))
            if (auto done = store_.outbox_erase(cell.record); !done)
                return std::unexpected(done.error());
        if (newer)
            out.push_back({std::move(cell), std::move(*held)});
        else if (!same && self_ && (*held)->hlc == cell.hlc)
            if (auto done = store_.history_add(cell); !done) return std::unexpected(done.error());
    }
    return out;
}

/// Refused after the fact: the transaction that this ends is undone.
Result<> Replica::within(const Usage& quota) {
    if (quota.cells == 0 && quota.bytes == 0) return {};
    const auto used = store_.usage();
    if (!used) return std::unexpected(used.error());
    if (!exceeds(*used, quota)) return {};
    return fail(Code::denied, "The mesh's quota on this server is used up.");
}

bool Replica::is_ahead(Hlc hlc, std::int64_t now) const {
    return wall_ms_of(hlc) > now + hold_ahead_ms;
}

bool Replica::own_clock_is_wrong(const VersionVector& versions, std::int64_t now) const {
    const auto others_ahead = std::ranges::count_if(versions, [&](const auto& version) {
        return version.first != *self_ && is_ahead(version.second, now);
    });
    return others_ahead >= 2;
}

/// Members only: which cells wait for their time, and how far our own clock moves on. In a pull of
/// several parts `versions` lacks those to come; what is held for that reason is let go by
/// `reexamine`.
Result<> Replica::settle_states(std::vector<Incoming>& incoming, const VersionVector& versions) {
    if (!self_ || incoming.empty()) return {};
    const auto last = store_.last();
    if (!last) return std::unexpected(last.error());
    const std::int64_t now = now_ms();
    Hlc moved = *last;
    bool told = false;
    for (auto& [cell, replaces] : incoming) {
        const bool ahead = holding_ == Holding::on && cell.device != *self_ &&
                           is_plausible(cell.hlc) && is_ahead(cell.hlc, now);
        const bool trusted = ahead && own_clock_is_wrong(versions, now);
        if (ahead && !trusted)
            cell.state = CellState::held;
        else if (is_plausible(cell.hlc))
            moved = std::max(moved, cell.hlc);
        if (ahead && !std::exchange(told, true))
            log_warning(trusted ? "our clock seems to be behind" : "held a change from the future",
                        "device", hex(cell.device));
    }
    return moved == *last ? Result<>{} : store_.set_last(moved);
}

Result<> Replica::keep(const Incoming& one) { return store_.put(one.cell); }

/// One part of a transfer; `delta` is what the parts before it have changed.
Result<> Replica::merge_in(std::vector<Cell> cells, const VersionVector& to, const Usage& quota,
                           Delta& delta) {
    auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    // A1: what lies beyond the promise may have gaps below it, so it waits for a better promise.
    std::erase_if(cells, [&](const Cell& cell) {
        return cell.hlc > std::max(version_of(to, cell.device), version_of(*versions, cell.device));
    });
    reduce(cells);
    auto incoming = compare(std::move(cells));
    if (!incoming) return std::unexpected(incoming.error());
    const bool first = delta.to.empty();
    for (const Incoming& one : *incoming)
        extend(delta, one.cell, *versions);
    for (const auto& [device, hlc] : delta.to) {
        if (hlc == version_of(*versions, device)) continue;
        if (auto done = store_.set_version(device, hlc); !done) return done;
    }
    join(*versions, delta.to);
    if (auto done = settle_states(*incoming, *versions); !done) return done;
    delta.partial = delta.partial || (!first && !incoming->empty());
    for (auto& one : *incoming) {
        if (auto done = keep(one); !done) return done;
        if (first) delta.cells.push_back(std::move(one.cell));
    }
    return within(quota);
}

Result<Delta> Replica::apply(const std::vector<Cell>& cells, const VersionVector& to,
                             const Usage& quota) {
    Delta delta;
    const auto work = [&]() -> Result<> { return merge_in(cells, to, quota, delta); };
    if (cells.empty()) return delta; // a promise without cells moves nothing (A1)
    if (auto done = store_.transaction(work); !done) return std::unexpected(done.error());
    return delta;
}

/// In parts: memory does not grow with what a peer has staged.
Result<> Replica::merge_staged(const PeerId& peer, const VersionVector& to, const Usage& quota,
                               Delta& delta) {
    std::vector<Cell> part;
    std::size_t bytes = 0;
    const auto merge = [&]() -> Result<> {
        bytes = 0;
        return merge_in(std::exchange(part, {}), to, quota, delta);
    };
    const auto collect = [&](Cell cell) -> Result<> {
        bytes += cell.envelope.size();
        part.push_back(std::move(cell));
        return part.size() < part_cells && bytes < part_bytes ? Result<>{} : merge();
    };
    if (auto done = store_.inbox_each(peer, collect); !done) return done;
    return merge();
}

Result<Delta> Replica::apply_pull(const PeerId& peer, std::vector<Cell> cells,
                                  const VersionVector& to, const Usage& quota) {
    own_received_ = 0;
    const auto resume = store_.inbox_resume(peer);
    if (!resume) return std::unexpected(resume.error());
    if (!*resume) return apply(cells, to, quota);
    Delta delta;
    const auto work = [&]() -> Result<> {
        // With the others: the inbox keeps the newest of each register.
        if (auto added = store_.inbox_add(peer, cells, **resume); !added) return added;
        if (auto merged = merge_staged(peer, to, quota, delta); !merged) return merged;
        return store_.inbox_clear(peer);
    };
    if (auto done = store_.transaction(work); !done) return std::unexpected(done.error());
    return delta;
}

Result<> Replica::acknowledge(Hlc hlc) {
    if (!self_) return {};
    const auto known = store_.acknowledged();
    if (!known) return std::unexpected(known.error());
    const auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    hlc = std::min(hlc, version_of(*versions, *self_)); // A1: more than we wrote is not true
    if (hlc <= *known) return {};
    return store_.transaction([&]() -> Result<> {
        const auto outbox = store_.outbox();
        if (!outbox) return std::unexpected(outbox.error());
        for (const Cell& own : *outbox)
            if (own.hlc <= hlc)
                if (auto done = store_.outbox_erase(own.record); !done) return done;
        return store_.set_acknowledged(hlc);
    });
}

} // namespace envmesh::sync
