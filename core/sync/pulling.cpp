// SPDX-License-Identifier: MIT
#include "core/sync/pulling.h"

#include <algorithm>
#include <limits>

namespace envmesh::sync {
namespace {

std::unexpected<Error> out_of_turn(std::string_view what) {
    return fail(Code::protocol, "The other side sent " + std::string(what) + " out of turn.");
}

constexpr Cursor the_end() {
    Cursor out{.hlc = std::numeric_limits<Hlc>::max()};
    out.device.fill(0xff);
    out.record.fill(0xff);
    return out;
}

} // namespace

Result<Message> Pulling::start(Extent extent) {
    Pull request;
    resumed_.reset();
    if (extent == Extent::full) {
        if (auto done = replica_.store().inbox_clear(peer_); !done)
            return std::unexpected(done.error());
    } else {
        auto versions = replica_.store().versions();
        if (!versions) return std::unexpected(versions.error());
        auto resume = replica_.store().inbox_resume(peer_);
        if (!resume) return std::unexpected(resume.error());
        request = {std::move(*versions), *resume};
        resumed_ = std::move(*resume);
        if (replica_.self()) {
            // What we wrote before a restore is asked for as well: only acknowledged changes of
            // ours are sure to be known here.
            const auto acknowledged = replica_.store().acknowledged();
            if (!acknowledged) return std::unexpected(acknowledged.error());
            request.versions[*replica_.self()] = *acknowledged;
        }
    }
    state_ = State::asked;
    staged_ = resumed_;
    complete_.reset();
    forget_unstaged();
    return Message(std::move(request));
}

Result<> Pulling::begin(Begin begin) {
    if (abandoned()) return {};
    if (state_ == State::idle) return out_of_turn("the beginning of a transfer");
    const bool first = state_ == State::asked;
    if (begin.resumed && (!first || !resumed_)) return out_of_turn("a resumed transfer");
    if (first && resumed_ && !begin.resumed) {
        if (auto done = replica_.store().inbox_clear(peer_); !done) return done;
        resumed_.reset();
        staged_.reset();
    }
    if (!first) complete_ = std::move(target_);
    target_ = std::move(begin.target);
    cursor_ = {};
    state_ = State::receiving;
    return {};
}

Result<> Pulling::batch(Batch batch) {
    if (abandoned()) return {};
    if (state_ != State::receiving) return out_of_turn("a part of a transfer");
    for (auto& cell : batch.checked) {
        if (!cell) continue;
        cursor_ = std::max(cursor_, cursor_of(*cell));
        unstaged_bytes_ += cell->envelope.size();
        cells_.push_back(std::move(*cell));
    }
    if (auto room = check_room(); !room) return room;
    const bool few =
        ++unstaged_batches_ < limits_.unstaged_batches && unstaged_bytes_ < limits_.unstaged_bytes;
    return few ? Result<>{} : stage();
}

/// What other peers and earlier sessions have staged counts as well: it lies on the disk.
Result<> Pulling::check_room() {
    const auto staged = replica_.store().inbox_usage();
    if (!staged) return std::unexpected(staged.error());
    const Usage all{staged->cells + cells_.size(), staged->bytes + unstaged_bytes_};
    if (exceeds(all, quota()))
        return fail(Code::denied, "The mesh's quota on this server is used up.");
    if (!replica_.self() || !exceeds(all, {limits_.pull_cells, limits_.pull_bytes})) return {};
    if (auto done = abandon(); !done) return done;
    return fail(Code::protocol,
                "The server sends more of the mesh than a device takes: " +
                    std::to_string(limits_.pull_cells) + " changes or " +
                    std::to_string(limits_.pull_bytes >> 20U) + " MiB.",
                "Keep quota_cells and quota_bytes of the server at or below that.");
}

/// A device that connects anew while its old connection still lingers has two sessions, and one
/// inbox: then only one of them may go by what it remembers.
Result<> Pulling::check_inbox() {
    const auto stands = replica_.store().inbox_resume(peer_);
    if (!stands) return std::unexpected(stands.error());
    if (*stands == staged_) return {};
    return fail(Code::conflict, "Another connection with this device took over its transfer.");
}

void Pulling::forget_unstaged() {
    cells_.clear();
    unstaged_batches_ = 0;
    unstaged_bytes_ = 0;
}

/// All of the sender's state `target` up to `cursor` is here. After a resumed start that is the old
/// state until its cursor is passed; in a later pass it is the pass before, complete.
Resume Pulling::progress() const {
    if (complete_) return {*complete_, the_end()};
    if (resumed_ && cursor_ < resumed_->cursor) return *resumed_;
    return {target_, cursor_};
}

Result<> Pulling::stage() {
    const Resume at = progress();
    const auto work = [&]() -> Result<> {
        if (auto ours = check_inbox(); !ours) return ours;
        return replica_.store().inbox_add(peer_, cells_, at);
    };
    if (auto done = replica_.store().transaction(work); !done) return done;
    staged_ = at;
    forget_unstaged();
    return {};
}

Result<Delta> Pulling::end() {
    if (!begun()) return out_of_turn("the end of a transfer");
    const State was = std::exchange(state_, State::idle);
    if (was == State::abandoned) return Delta{};
    if (auto ours = check_inbox(); !ours) return std::unexpected(ours.error());
    return replica_.apply_pull(peer_, std::exchange(cells_, {}), target_, quota());
}

Result<> Pulling::suspend() {
    const bool worth_keeping = state_ == State::receiving && !cells_.empty();
    state_ = State::idle;
    return worth_keeping ? stage() : Result<>{};
}

Result<> Pulling::abandon() {
    if (active()) state_ = State::abandoned;
    forget_unstaged();
    return replica_.store().inbox_clear(peer_);
}

} // namespace envmesh::sync
