// SPDX-License-Identifier: MIT
// Replica, the care of stamps: restored devices, wrong clocks, changes that wait for their time.
#include "core/base/log.h"
#include "core/sync/replica.h"

#include <algorithm>
#include <set>

namespace envmesh::sync {
namespace {

Result<Variable> open(const Authority& authority, const Cell& cell) {
    const auto envelope = Envelope::parse(cell.envelope);
    if (!envelope) return std::unexpected(envelope.error());
    return authority.open(*envelope);
}

} // namespace

Result<std::vector<Cell>> Replica::restamp(std::vector<Cell> unsent, Hlc last,
                                           std::int64_t shift_ms, Hlc purge_above) {
    std::ranges::sort(unsent, {}, &Cell::hlc);
    std::vector<Cell> out;
    for (const Cell& old : unsent) {
        auto variable = open(authority_, old);
        if (!variable) {
            log_warning("an own change cannot be opened and keeps its stamp", "cause",
                        variable.error().message);
            last = std::max(last, old.hlc);
            continue;
        }
        std::erase_if(variable->context, [&](const Dot& dot) { return dot.hlc > purge_above; });
        for (const Dot& dot : variable->context)
            last = std::max(last, dot.hlc);
        if (old.hlc <= purge_above) last = std::max(last, old.hlc);
        last = next_hlc(last, std::min(wall_ms_of(old.hlc) + shift_ms, now_ms()));
        const std::size_t padded = old.envelope.size() - Envelope::overhead;
        auto cell = seal(*variable, last, padded);
        if (!cell) return std::unexpected(cell.error());
        if (auto done = keep_own(*cell); !done) return std::unexpected(done.error());
        out.push_back(std::move(*cell));
    }
    if (out.empty()) return out;
    if (auto done = store_.set_version(*self_, last); !done) return std::unexpected(done.error());
    if (auto done = store_.set_last(last); !done) return std::unexpected(done.error());
    return out;
}

Result<Delta> Replica::reconcile_own(const VersionVector& peer) {
    Delta delta;
    if (!self_) return delta;
    const Hlc seen = std::exchange(own_received_, 0);
    const auto work = [&]() -> Result<> {
        const auto versions = store_.versions();
        if (!versions) return std::unexpected(versions.error());
        const Hlc own = version_of(*versions, *self_);
        if (version_of(peer, *self_) > own)
            log_warning("the other side claims changes of ours that it does not show");
        const auto known = store_.acknowledged();
        if (!known) return std::unexpected(known.error());
        if (seen <= *known) return {};
        // What the peer holds has left the outbox. Any other change of ours below what it holds
        // was written after a restore, under a stamp that was used before: it needs a new one.
        auto outbox = store_.outbox();
        if (!outbox) return std::unexpected(outbox.error());
        std::erase_if(*outbox, [&](const Cell& cell) { return cell.hlc > seen; });
        const auto last = store_.last();
        if (!last) return std::unexpected(last.error());
        auto cells = restamp(std::move(*outbox), std::max(*last, own), 0, ~Hlc{0});
        if (!cells) return std::unexpected(cells.error());
        if (!cells->empty()) {
            log_warning("changes made after a restore got new stamps", "changes", cells->size());
            delta.from[*self_] = own;
            delta.to[*self_] = cells->back().hlc;
            delta.cells = std::move(*cells);
        }
        return store_.set_acknowledged(seen);
    };
    if (seen == 0 && version_of(peer, *self_) == 0) return delta;
    if (auto done = store_.transaction(work); !done) return std::unexpected(done.error());
    return delta;
}

/// What remains to be believed under the corrected clock. Changes of others that are ahead of it
/// are held, also those that a wrong clock had let pass. Leaves out our unsent changes.
Result<Replica::Believed> Replica::believe(const std::vector<Cell>& unsent, Hlc acknowledged) {
    const auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    const std::int64_t now = now_ms();
    const bool hold = holding_ == Holding::on && !own_clock_is_wrong(*versions, now);
    std::set<std::pair<RecordId, Hlc>> left_out;
    for (const Cell& cell : unsent)
        left_out.emplace(cell.record, cell.hlc);
    Believed out{acknowledged, acknowledged};
    std::vector<Cell> to_hold;
    const auto visit = [&](const Cell& cell) -> Result<> {
        if (!is_plausible(cell.hlc)) return {};
        const bool own = cell.device == *self_;
        if (own && left_out.contains({cell.record, cell.hlc})) return {};
        if (!own && hold && is_ahead(cell.hlc, now)) {
            if (cell.state != CellState::held) to_hold.push_back(cell);
            return {};
        }
        out.last = std::max(out.last, cell.hlc);
        if (own) out.sent = std::max(out.sent, cell.hlc);
        return {};
    };
    if (auto done = store_.each(visit); !done) return std::unexpected(done.error());
    for (const Cell& cell : to_hold)
        if (auto done = store_.set_state(cell.record, cell.device, CellState::held); !done)
            return std::unexpected(done.error());
    return out;
}

Result<Delta> Replica::correct_clock(std::int64_t offset_ms) {
    const auto small = [](std::int64_t ms) { return ms <= hold_ahead_ms && ms >= -hold_ahead_ms; };
    if (small(offset_ms)) offset_ms = 0;
    if (offset_ms != 0 && small(offset_ms - clock_offset_ms_)) offset_ms = clock_offset_ms_;
    const std::int64_t shift = offset_ms - clock_offset_ms_;
    // A clock that was wrong and is right again leaves its stamps behind.
    const auto last = store_.last();
    if (!last) return std::unexpected(last.error());
    if (shift == 0 && !is_ahead(*last, now_ms())) return Delta{};
    log_warning("our clock is off", "seconds", offset_ms / 1000);
    const std::int64_t before = std::exchange(clock_offset_ms_, offset_ms);
    Delta delta;
    if (!self_) return delta;
    const auto work = [&]() -> Result<> { return restamp_unsent(shift, delta); };
    auto done = store_.transaction(work);
    if (done) return delta;
    clock_offset_ms_ = before;
    return std::unexpected(done.error());
}

Result<> Replica::restamp_unsent(std::int64_t shift_ms, Delta& delta) {
    auto unsent = store_.outbox();
    if (!unsent) return std::unexpected(unsent.error());
    const auto known = store_.acknowledged();
    if (!known) return std::unexpected(known.error());
    const auto believed = believe(*unsent, *known);
    if (!believed) return std::unexpected(believed.error());
    if (auto done = store_.set_last(believed->last); !done) return done;
    // Stamps up to the true time may stay, and ours may have been sent after all: no new one is
    // below them. Those of the future go, as if they had never been.
    const Hlc purge_above = std::max(believed->sent, hlc_at(now_ms() + hold_ahead_ms));
    auto cells = restamp(std::move(*unsent), believed->last, shift_ms, purge_above);
    if (!cells) return std::unexpected(cells.error());
    if (cells->empty()) return {};
    delta.from[*self_] = believed->sent;
    delta.to[*self_] = cells->back().hlc;
    delta.cells = std::move(*cells);
    return {};
}

Result<> Replica::examine(const Cell& cell, Examination& run) {
    const bool plausible = is_plausible(cell.hlc);
    const bool early = plausible && run.hold && is_ahead(cell.hlc, run.now);
    const bool opens = plausible && !early && open(authority_, cell).has_value();
    const CellState state = early   ? CellState::held
                            : opens ? CellState::readable
                                    : CellState::unreadable;
    if (state == cell.state) return {};
    if (opens) run.changed.push_back(cell.record);
    if (auto done = store_.set_state(cell.record, cell.device, state); !done) return done;
    const auto last = store_.last();
    if (!last) return std::unexpected(last.error());
    return plausible && !early && cell.hlc > *last ? store_.set_last(cell.hlc) : Result<>{};
}

Result<> Replica::examine_all(CellState state, Hlc until, Examination& run) {
    constexpr std::size_t at_once = 64;
    Cursor after;
    while (true) {
        const auto cells = store_.in_state(state, until, after, at_once);
        if (!cells) return std::unexpected(cells.error());
        if (cells->empty()) return {};
        after = cursor_of(cells->back());
        const auto work = [&]() -> Result<> {
            for (const Cell& cell : *cells)
                if (auto done = examine(cell, run); !done) return done;
            return {};
        };
        if (auto done = store_.transaction(work); !done) return done;
    }
}

Result<std::vector<RecordId>> Replica::reexamine() {
    Examination run;
    if (!self_) return run.changed;
    const auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    run.now = now_ms();
    run.hold = holding_ == Holding::on && !own_clock_is_wrong(*versions, run.now);
    const Hlc due = run.hold ? hlc_at(run.now + hold_ahead_ms + 1) : ~Hlc{0};
    if (auto done = examine_all(CellState::held, due, run); !done)
        return std::unexpected(done.error());
    if (!keys_changed_) return run.changed;
    if (auto done = examine_all(CellState::unreadable, ~Hlc{0}, run); !done)
        return std::unexpected(done.error());
    keys_changed_ = false;
    return run.changed;
}

} // namespace envmesh::sync
