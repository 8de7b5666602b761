// SPDX-License-Identifier: MIT
// One live link between two replicas whose handshake is done and whose chain heads are equal (A6):
// pull, staged apply, resume, live push, digest check and repair (protocol §2.9). Sans-I/O: bytes
// in, bytes out, no clock. The table of messages stands in core/sync/README.md.
#pragma once

#include "core/sync/message.h"
#include "core/sync/replica.h"

#include <deque>

namespace envmesh::sync {

class Session {
  public:
    enum class Side { client, server };
    struct Limits {
        std::size_t batch_cells = 256;
        std::size_t batch_bytes = 512 * 1024;
        std::size_t window = 4;                       // unacknowledged batches
        std::size_t outgoing_bytes = 4 * 1024 * 1024; // then live pushes give way to a pull
        std::uint64_t quota_cells = 0;                // server: 0 = none
        std::uint64_t quota_bytes = 0;
    };

    Session(Replica& replica, Side side, const PeerId& peer, const Limits& limits);

    /// The client opens the round: pull, then offer. The server waits.
    Result<> start();
    /// Another full round now (`sync` was asked for). No effect while one is running.
    Result<> resync();
    /// One message that decoded, its cells checked (check_cell). An error means: close the link.
    Result<> receive(Message message);
    /// Our replica has changed, by a local write or through another link.
    Result<> changed(const Delta& delta);

    /// What is to be sent, oldest first; each is one WebSocket message. Empties the queue.
    std::vector<Bytes> take_outgoing();
    /// What this link changed in our replica since last asked: to be told to other links and
    /// watchers.
    std::vector<Delta> take_applied();

    /// Both directions are done and nothing is in flight.
    [[nodiscard]] bool in_sync() const;
    struct Counters {
        std::uint64_t received_cells = 0;
        std::uint64_t sent_cells = 0;
        std::uint64_t rejected_cells = 0; // not authentic
        std::uint64_t repairs = 0;        // digests differed under equal version vectors
        std::uint64_t expected_cells =
            0; // announced by the peer for the running pull, for progress
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }
    /// The peer refused our changes: its quota for this mesh is used up (S6).
    [[nodiscard]] bool over_quota() const { return over_quota_; }

  private:
    // Owner of this header: fill in the state of the two half-machines (pulling, serving) here.
    Replica& replica_;
    Side side_;
    PeerId peer_;
    Limits limits_;
    Counters counters_;
    bool over_quota_ = false;
    std::deque<Bytes> outgoing_;
    std::vector<Delta> applied_;
};

} // namespace envmesh::sync
