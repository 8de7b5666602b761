// SPDX-License-Identifier: MIT
#include "core/sync/pulling.h"

#include <algorithm>
#include <limits>

namespace envmesh::sync {
namespace {

/// A peer that repeats itself without end must not fill the disk.
constexpr std::uint64_t most_pull_bytes = std::uint64_t{4} << 30U;

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
    complete_.reset();
    cells_.clear();
    unstaged_batches_ = 0;
    received_bytes_ = 0;
    return Message(std::move(request));
}

Result<> Pulling::begin(Begin begin) {
    if (state_ == State::idle) return out_of_turn("the beginning of a transfer");
    const bool first = state_ == State::asked;
    if (begin.resumed && (!first || !resumed_)) return out_of_turn("a resumed transfer");
    if (first && resumed_ && !begin.resumed) {
        if (auto done = replica_.store().inbox_clear(peer_); !done) return done;
        resumed_.reset();
    }
    if (!first) complete_ = std::move(target_);
    target_ = std::move(begin.target);
    cursor_ = {};
    state_ = State::receiving;
    return {};
}

Result<> Pulling::batch(Batch batch) {
    if (state_ != State::receiving) return out_of_turn("a part of a transfer");
    for (auto& cell : batch.checked) {
        if (!cell) continue;
        cursor_ = std::max(cursor_, cursor_of(*cell));
        received_bytes_ += cell->envelope.size();
        cells_.push_back(std::move(*cell));
    }
    if (received_bytes_ > most_pull_bytes) return out_of_turn("more than a mesh can hold,");
    return ++unstaged_batches_ < limits_.unstaged_batches ? Result<>{} : stage();
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
    const auto work = [&] { return replica_.store().inbox_add(peer_, cells_, at); };
    if (auto done = replica_.store().transaction(work); !done) return done;
    cells_.clear();
    unstaged_batches_ = 0;
    return {};
}

Result<Delta> Pulling::end(const Usage& quota) {
    if (state_ != State::receiving) return out_of_turn("the end of a transfer");
    state_ = State::idle;
    return replica_.apply_pull(peer_, std::exchange(cells_, {}), target_, quota);
}

Result<> Pulling::suspend() {
    const bool worth_keeping = state_ == State::receiving && !cells_.empty();
    state_ = State::idle;
    return worth_keeping ? stage() : Result<>{};
}

Result<> Pulling::abandon() {
    state_ = State::idle;
    cells_.clear();
    return replica_.store().inbox_clear(peer_);
}

} // namespace envmesh::sync
