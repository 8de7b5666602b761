// SPDX-License-Identifier: MIT
// The half of a session that pulls: keeps batches in memory, stages them in the inbox when they are
// many or the link breaks, and applies all of a pull at once at its end (protocol §2.9). Nothing of
// an unfinished pull is visible anywhere. What all peers have staged stays within the quota of a
// server, and within `pull_cells` and `pull_bytes` on a member.
#pragma once

#include "core/sync/limits.h"
#include "core/sync/message.h"
#include "core/sync/replica.h"

namespace envmesh::sync {

class Pulling {
  public:
    enum class Extent { missing, full };

    Pulling(Replica& replica, const PeerId& peer, const Limits& limits)
        : replica_(replica), peer_(peer), limits_(limits) {}

    /// The request to send.
    Result<Message> start(Extent extent);
    /// `protocol` when it is out of turn, as for the next two.
    Result<> begin(Begin begin);
    /// `denied`: more than the quota; `protocol`: more than a member takes; `conflict`: another
    /// session with this peer has changed what was staged.
    Result<> batch(Batch batch);
    /// Applies all of it. `denied`: more than the quota, nothing was kept; `conflict` as above.
    Result<Delta> end();
    /// Keeps what has arrived, so that a later session can resume.
    Result<> suspend();
    /// Forgets all of it, and ignores the rest up to the peer's End, which comes in any case:
    /// before it, old parts could be taken for the answer to a new request.
    Result<> abandon();

    [[nodiscard]] bool active() const { return state_ != State::idle; }
    [[nodiscard]] bool begun() const { return active() && state_ != State::asked; }
    [[nodiscard]] bool abandoned() const { return state_ == State::abandoned; }
    /// Of the last pass: what the peer has.
    [[nodiscard]] const VersionVector& target() const { return target_; }

  private:
    enum class State { idle, asked, receiving, abandoned };
    Result<> stage();
    Result<> check_room();
    Result<> check_inbox();
    void forget_unstaged();
    [[nodiscard]] Usage quota() const { return {limits_.quota_cells, limits_.quota_bytes}; }
    [[nodiscard]] Resume progress() const;

    Replica& replica_;
    PeerId peer_;
    Limits limits_;
    State state_ = State::idle;
    std::optional<Resume> resumed_;         // where an earlier session stopped
    std::optional<Resume> staged_;          // what we know to stand in the inbox
    std::optional<VersionVector> complete_; // target of the last complete pass
    VersionVector target_;
    Cursor cursor_; // largest in this pass
    std::vector<Cell> cells_;
    std::size_t unstaged_batches_ = 0;
    std::uint64_t unstaged_bytes_ = 0;
};

} // namespace envmesh::sync
