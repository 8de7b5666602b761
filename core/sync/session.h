// SPDX-License-Identifier: MIT
// One live link between two replicas whose handshake is done and whose chain heads are equal (A6):
// pull, staged apply, resume, live push, digest check and repair (protocol §2.9). Sans-I/O: bytes
// in, bytes out, no clock. The table of messages stands in core/sync/README.md.
#pragma once

#include "core/sync/pulling.h"
#include "core/sync/serving.h"

#include <deque>

namespace envmesh::sync {

class Session {
  public:
    enum class Side { client, server };
    using Limits = sync::Limits;

    Session(Replica& replica, Side side, const PeerId& peer, const Limits& limits);

    /// The client opens the round: pull, then offer. The server waits.
    Result<> start();
    /// Another full round now (`sync` was asked for). No effect while one is running. The server
    /// pulls, and asks the client to.
    Result<> resync();
    /// One message that decoded, its cells checked (check_cell). An error means: close the link.
    /// `protocol` also when its answers pile up unread (Limits).
    Result<> receive(Message message);
    /// Our replica has changed, by a local write or through another link.
    Result<> changed(const Delta& delta);

    /// The link is gone: keeps what arrived of an unfinished pull, for the next session to resume.
    /// Not to be called after the chain has changed.
    Result<> close();

    /// The next WebSocket message to send, nothing when there is none for now. To be asked for when
    /// the one before is written: what is queued here is what the peer has not read.
    Result<std::optional<Bytes>> take_outgoing();
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
    enum class Round { idle, pulling, offered };

    Result<> on(Pull& message);
    Result<> on(Begin& message);
    Result<> on(Batch& message);
    Result<> on(Ack& message);
    Result<> on(End& message);
    Result<> on(Offer& message);
    Result<> on(Push& message);
    Result<> on(Applied& message);
    Result<> on(Settled& message);
    Result<> on(Quota& message);
    Result<> on(Poke& message);

    Result<> begin_pull(Pulling::Extent extent);
    /// The peer has something that the running pull may have passed by: pull, or pull again.
    Result<> pull_more();
    /// When the last pull is over: what came up while it ran.
    Result<> pull_again();
    Result<> after_pull(const VersionVector& target);
    Result<> offer(const VersionVector& target);
    Result<> settle(const VersionVector& target);
    Result<> finish_round(const Settled& settled);
    Result<> refuse_over_quota();
    /// The peer says what it has: nothing is believed before we have pulled from it once.
    Result<> confirm(const VersionVector& peer);
    Result<std::optional<Hash>> digest_if_at(const VersionVector& target);
    [[nodiscard]] Usage quota() const { return {limits_.quota_cells, limits_.quota_bytes}; }
    void count(const Envelopes& received);
    void keep(Delta delta);
    void poke();
    void send(const Message& message);
    Bytes encoded(const Message& message);

    Replica& replica_;
    Side side_;
    Limits limits_;
    Pulling pulling_;
    Serving serving_;
    Counters counters_;

    Round round_ = Round::idle;
    bool settled_ = false;      // a round was completed
    bool repairing_ = false;    // the round exchanges everything
    bool live_ = false;         // the peer has had all of ours once: changes are pushed
    bool pulled_ = false;       // we have had all of the peer's once
    bool owes_settled_ = false; // an Offer waits for its answer
    bool owes_full_ = false;    // and is to be answered with a full pull
    bool pull_again_ = false;
    bool poke_pending_ = false; // the queue was too long for pushes
    bool over_quota_ = false;
    VersionVector unconfirmed_; // pushed or poked, not yet said to be applied

    std::deque<Bytes> outgoing_;
    std::size_t outgoing_bytes_ = 0;
    std::vector<Delta> applied_;
};

} // namespace envmesh::sync
