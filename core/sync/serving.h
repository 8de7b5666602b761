// SPDX-License-Identifier: MIT
// The half of a session that answers the peer's Pull: streams from the store in (hlc, device,
// record) order while other changes arrive, and makes another pass when they did. The target of the
// last pass is therefore exact: whoever has read to the end holds all of it, and nothing less.
// Invariant: nothing is made before it can be written, so a peer that does not read costs nothing.
#pragma once

#include "core/sync/limits.h"
#include "core/sync/message.h"

namespace envmesh::sync {

class Serving {
  public:
    Serving(Store& store, const Limits& limits) : store_(store), limits_(limits) {}

    /// A stream that is running is given up.
    void start(Pull request);
    /// One batch was acknowledged; `protocol` when none was out.
    Result<> acknowledged();
    /// What to send next; nothing: no stream is running, or the window is full.
    Result<std::optional<Message>> next();
    void stop() { active_ = false; }
    /// A pull is being answered: a change of the replica reaches the peer through it.
    [[nodiscard]] bool active() const { return active_; }

  private:
    Result<Message> begin();
    Result<Message> next_pass();

    Store& store_;
    Limits limits_;
    bool active_ = false;
    bool begun_ = false;
    VersionVector floor_; // what the peer has
    std::optional<Resume> resume_;
    VersionVector target_; // what it has once this pass is through
    Cursor cursor_;
    std::size_t unacknowledged_ = 0;
};

} // namespace envmesh::sync
