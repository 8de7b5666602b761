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

Result<> Replica::within(const Usage& quota, const std::vector<Incoming>& incoming) {
    if (quota.cells == 0 && quota.bytes == 0) return {};
    if (!usage_) {
        const auto counted = store_.usage();
        if (!counted) return std::unexpected(counted.error());
        usage_ = *counted;
    }
    Usage grown = *usage_;
    for (const Incoming& one : incoming) {
        grown.cells += one.replaces ? 0 : 1;
        grown.bytes += one.cell.envelope.size();
        grown.bytes -= one.replaces ? one.replaces->envelope.size() : 0;
    }
    const auto exceeds = [](std::uint64_t now, std::uint64_t most) { return most && now > most; };
    if (exceeds(grown.cells, quota.cells) || exceeds(grown.bytes, quota.bytes))
        return fail(Code::denied, "The mesh's quota on this server is used up.");
    usage_ = grown;
    return {};
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

/// Members only: which cells wait for their time, and how far our own clock moves on.
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

Result<Delta> Replica::merge_in(std::vector<Cell> cells, const VersionVector& to,
                                const Usage& quota) {
    auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    // A1: what lies beyond the promise may have gaps below it, so it waits for a better promise.
    std::erase_if(cells, [&](const Cell& cell) {
        return cell.hlc > std::max(version_of(to, cell.device), version_of(*versions, cell.device));
    });
    reduce(cells);
    auto incoming = compare(std::move(cells));
    if (!incoming) return std::unexpected(incoming.error());
    if (auto done = within(quota, *incoming); !done) return std::unexpected(done.error());
    Delta delta;
    for (const Incoming& one : *incoming)
        extend(delta, one.cell, *versions);
    join(*versions, delta.to);
    if (auto done = settle_states(*incoming, *versions); !done)
        return std::unexpected(done.error());
    for (auto& one : *incoming) {
        if (auto done = keep(one); !done) return std::unexpected(done.error());
        delta.cells.push_back(std::move(one.cell));
    }
    for (const auto& [device, hlc] : delta.to)
        if (hlc != delta.from[device])
            if (auto done = store_.set_version(device, hlc); !done)
                return std::unexpected(done.error());
    return delta;
}

Result<Delta> Replica::apply(const std::vector<Cell>& cells, const VersionVector& to,
                             const Usage& quota) {
    Delta delta;
    const auto work = [&]() -> Result<> {
        auto merged = merge_in(cells, to, quota);
        if (!merged) return std::unexpected(merged.error());
        delta = std::move(*merged);
        return {};
    };
    if (cells.empty()) return delta; // a promise without cells moves nothing (A1)
    auto done = store_.transaction(work);
    if (done) return delta;
    usage_.reset();
    return std::unexpected(done.error());
}

Result<Delta> Replica::apply_pull(const PeerId& peer, std::vector<Cell> cells,
                                  const VersionVector& to, const Usage& quota) {
    own_received_ = 0;
    const auto resume = store_.inbox_resume(peer);
    if (!resume) return std::unexpected(resume.error());
    if (!*resume) return apply(cells, to, quota);
    Delta delta;
    const auto work = [&]() -> Result<> {
        auto staged = store_.inbox_take(peer);
        if (!staged) return std::unexpected(staged.error());
        std::ranges::move(cells, std::back_inserter(*staged));
        auto merged = merge_in(std::move(*staged), to, quota);
        if (!merged) return std::unexpected(merged.error());
        delta = std::move(*merged);
        return {};
    };
    auto done = store_.transaction(work);
    if (done) return delta;
    usage_.reset();
    return std::unexpected(done.error());
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
