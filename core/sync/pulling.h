// SPDX-License-Identifier: MIT
// The half of a session that pulls: keeps batches in memory, stages them in the inbox when they are
// many or the link breaks, and applies all of a pull at once at its end (protocol §2.9). Nothing of
// an unfinished pull is visible anywhere.
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
    Result<> batch(Batch batch);
    /// Applies all of it. `denied`: more than `quota`; the pull is over and nothing was kept.
    Result<Delta> end(const Usage& quota);
    /// Keeps what has arrived, so that a later session can resume.
    Result<> suspend();
    /// Forgets all of it.
    Result<> abandon();

    [[nodiscard]] bool active() const { return state_ != State::idle; }
    [[nodiscard]] bool begun() const { return state_ == State::receiving; }
    /// Of the last pass: what the peer has.
    [[nodiscard]] const VersionVector& target() const { return target_; }
    /// All bytes that this pull has brought; a server gives up above its quota.
    [[nodiscard]] std::uint64_t received_bytes() const { return received_bytes_; }

  private:
    enum class State { idle, asked, receiving };
    Result<> stage();
    [[nodiscard]] Resume progress() const;

    Replica& replica_;
    PeerId peer_;
    Limits limits_;
    State state_ = State::idle;
    std::optional<Resume> resumed_;         // where an earlier session stopped
    std::optional<VersionVector> complete_; // target of the last complete pass
    VersionVector target_;
    Cursor cursor_; // largest in this pass
    std::vector<Cell> cells_;
    std::size_t unstaged_batches_ = 0;
    std::uint64_t received_bytes_ = 0;
};

} // namespace envmesh::sync
