// SPDX-License-Identifier: MIT
// sync::Store in memory: copyable, so that a test can keep a backup and restore it. A failed
// transaction leaves nothing behind.
#pragma once

#include "core/sync/store.h"

#include "core/base/codec.h"

#include <algorithm>
#include <map>
#include <set>

namespace envmesh::test {

using namespace envmesh::sync; // NOLINT: tests of sync speak its language

class MemoryStore final : public Store {
  public:
    struct Staged {
        std::map<std::pair<RecordId, DeviceId>, Cell> cells;
        Resume resume;
    };
    struct State {
        std::map<std::pair<RecordId, DeviceId>, Cell> cells;
        std::set<Cursor> order;
        VersionVector versions;
        Hlc last = 0;
        Hlc acknowledged = 0;
        std::map<RecordId, Cell> outbox;
        std::vector<Cell> history;
        std::map<PeerId, Staged> inbox;
    };

    /// The backup of a node: put back with `restore`.
    [[nodiscard]] const State& state() const { return state_; }
    void restore(State state) {
        state_ = std::move(state);
        digest_.reset();
    }
    /// The n-th put from here on fails, as a full disk would.
    void fail_put_after(int puts) { puts_left_ = puts; }
    [[nodiscard]] int transactions() const { return transactions_; }

    Result<> transaction(const std::function<Result<>()>& work) override {
        ++transactions_;
        const std::size_t mark = undo_.size();
        in_transaction_ = true;
        auto done = work();
        in_transaction_ = false;
        for (; !done && undo_.size() > mark; undo_.pop_back())
            undo_.back()();
        undo_.clear();
        if (!done) digest_.reset();
        return done;
    }

    Result<std::optional<Cell>> find(const RecordId& record, const DeviceId& device) override {
        const auto at = state_.cells.find({record, device});
        if (at == state_.cells.end()) return std::nullopt;
        return at->second;
    }
    Result<std::vector<Cell>> cells_of(const RecordId& record) override {
        std::vector<Cell> out;
        for (auto at = state_.cells.lower_bound({record, DeviceId{}});
             at != state_.cells.end() && at->first.first == record; ++at)
            out.push_back(at->second);
        return out;
    }
    Result<std::vector<Cell>> scan(const VersionVector& floor, const Resume* resume,
                                   const Cursor& after, std::size_t limit,
                                   std::size_t most_bytes) override {
        std::vector<Cell> out;
        std::size_t bytes = 0;
        for (auto at = state_.order.upper_bound(after); at != state_.order.end(); ++at) {
            if (out.size() >= limit || bytes >= most_bytes) break;
            if (at->hlc <= version_of(floor, at->device)) continue;
            if (resume != nullptr && at->hlc <= version_of(resume->target, at->device) &&
                *at <= resume->cursor)
                continue;
            out.push_back(state_.cells.at({at->record, at->device}));
            bytes += out.back().envelope.size();
        }
        return out;
    }
    Result<> each(const std::function<Result<>(const Cell&)>& visit) override {
        for (const auto& [key, cell] : state_.cells)
            if (auto done = visit(cell); !done) return done;
        return {};
    }
    Result<> put(const Cell& cell) override {
        if (puts_left_ >= 0 && --puts_left_ < 0) return fail(Code::storage, "The disk is full.");
        const std::pair key{cell.record, cell.device};
        const auto at = state_.cells.find(key);
        if (at == state_.cells.end()) {
            state_.cells.emplace(key, cell);
            undo([this, key, mark = cursor_of(cell)] {
                state_.cells.erase(key);
                state_.order.erase(mark);
            });
        } else {
            state_.order.erase(cursor_of(at->second));
            state_.history.push_back(at->second);
            undo([this, key, old = at->second, mark = cursor_of(cell)] {
                state_.order.erase(mark);
                state_.order.insert(cursor_of(old));
                state_.cells[key] = old;
                state_.history.pop_back();
            });
            at->second = cell;
        }
        state_.order.insert(cursor_of(cell));
        digest_.reset();
        return {};
    }
    Result<> set_state(const RecordId& record, const DeviceId& device, CellState state) override {
        Cell& cell = state_.cells.at({record, device});
        undo([&cell, old = cell.state] { cell.state = old; });
        cell.state = state;
        return {};
    }
    Result<std::vector<Cell>> in_state(CellState state, Hlc until, const Cursor& after,
                                       std::size_t limit) override {
        std::vector<Cell> out;
        for (auto at = state_.order.upper_bound(after); at != state_.order.end(); ++at) {
            if (out.size() >= limit || at->hlc > until) break;
            const Cell& cell = state_.cells.at({at->record, at->device});
            if (cell.state == state) out.push_back(cell);
        }
        looked_at_ += out.size();
        return out;
    }
    /// How many cells in_state has returned.
    [[nodiscard]] std::size_t looked_at() const { return looked_at_; }
    Result<std::uint64_t> count(CellState state) override {
        const auto in = [&](const auto& entry) { return entry.second.state == state; };
        return static_cast<std::uint64_t>(std::ranges::count_if(state_.cells, in));
    }
    Result<Hash> digest() override {
        if (digest_) return *digest_;
        Writer all;
        for (const auto& [key, cell] : state_.cells)
            all.raw(cell.record).raw(cell.device).u64(cell.hlc).raw(cell.hash);
        digest_ = crypto::hash256({all.bytes()});
        return *digest_;
    }
    Result<Usage> usage() override {
        Usage out;
        for (const auto& [key, cell] : state_.cells) {
            ++out.cells;
            out.bytes += cell.envelope.size();
        }
        return out;
    }

    Result<VersionVector> versions() override { return state_.versions; }
    Result<> set_version(const DeviceId& device, Hlc hlc) override {
        undo([this, old = state_.versions] { state_.versions = old; });
        state_.versions[device] = hlc;
        return {};
    }
    Result<Hlc> newest_of(const DeviceId& device) override {
        Hlc out = 0;
        for (const auto& [key, cell] : state_.cells)
            if (key.second == device) out = std::max(out, cell.hlc);
        return out;
    }

    Result<Hlc> last() override { return state_.last; }
    Result<> set_last(Hlc hlc) override {
        undo([this, old = state_.last] { state_.last = old; });
        state_.last = hlc;
        return {};
    }
    Result<Hlc> acknowledged() override { return state_.acknowledged; }
    Result<> set_acknowledged(Hlc hlc) override {
        undo([this, old = state_.acknowledged] { state_.acknowledged = old; });
        state_.acknowledged = hlc;
        return {};
    }
    Result<std::vector<Cell>> outbox() override {
        std::vector<Cell> out;
        for (const auto& [record, cell] : state_.outbox)
            out.push_back(cell);
        return out;
    }
    Result<std::uint64_t> outbox_size() override { return state_.outbox.size(); }
    Result<> outbox_put(const Cell& cell) override {
        undo([this, old = state_.outbox] { state_.outbox = old; });
        state_.outbox[cell.record] = cell;
        return {};
    }
    Result<> outbox_erase(const RecordId& record) override {
        if (!state_.outbox.contains(record)) return {};
        undo([this, old = state_.outbox] { state_.outbox = old; });
        state_.outbox.erase(record);
        return {};
    }
    Result<> history_add(const Cell& cell) override {
        undo([this] { state_.history.pop_back(); });
        state_.history.push_back(cell);
        return {};
    }

    Result<> inbox_add(const PeerId& peer, const std::vector<Cell>& cells,
                       const Resume& resume) override {
        undo([this, old = state_.inbox] { state_.inbox = old; });
        Staged& staged = state_.inbox[peer];
        for (const Cell& cell : cells) {
            Cell& kept = staged.cells.try_emplace({cell.record, cell.device}, cell).first->second;
            if (std::tie(cell.hlc, cell.hash) > std::tie(kept.hlc, kept.hash)) kept = cell;
        }
        staged.resume = resume;
        return {};
    }
    Result<std::optional<Resume>> inbox_resume(const PeerId& peer) override {
        const auto at = state_.inbox.find(peer);
        if (at == state_.inbox.end()) return std::nullopt;
        return at->second.resume;
    }
    Result<> inbox_each(const PeerId& peer, const std::function<Result<>(Cell)>& visit) override {
        for (const auto& [key, cell] : state_.inbox[peer].cells)
            if (auto done = visit(cell); !done) return done;
        return {};
    }
    Result<Usage> inbox_usage() override {
        Usage out;
        for (const auto& [peer, staged] : state_.inbox)
            for (const auto& [key, cell] : staged.cells) {
                ++out.cells;
                out.bytes += cell.envelope.size();
            }
        return out;
    }
    Result<> inbox_expire() override { return {}; }
    Result<> inbox_clear(const PeerId& peer) override {
        undo([this, old = state_.inbox] { state_.inbox = old; });
        state_.inbox.erase(peer);
        return {};
    }
    Result<> inbox_clear_all() override {
        state_.inbox.clear();
        return {};
    }

  private:
    void undo(std::function<void()> step) {
        if (in_transaction_) undo_.push_back(std::move(step));
    }

    State state_;
    std::optional<Hash> digest_;
    std::vector<std::function<void()>> undo_;
    bool in_transaction_ = false;
    int transactions_ = 0;
    int puts_left_ = -1;
    std::size_t looked_at_ = 0;
};

} // namespace envmesh::test
