// SPDX-License-Identifier: MIT
#include "core/sync/session.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::sync {
namespace {

std::size_t size_of(const Delta& delta) {
    std::size_t bytes = 0;
    for (const Cell& cell : delta.cells)
        bytes += cell.envelope.size();
    return bytes;
}

/// A queued message takes memory beyond its bytes: an Ack has one.
std::size_t queued_size(const Bytes& message) { return message.size() + 64; }

Push push_of(const Delta& delta) {
    Push push;
    push.from = delta.from;
    push.to = delta.to;
    for (const Cell& cell : delta.cells)
        push.envelopes.push_back(cell.envelope);
    return push;
}

std::vector<Cell> authentic(Envelopes& received) {
    std::vector<Cell> cells;
    for (auto& cell : received.checked)
        if (cell) cells.push_back(std::move(*cell));
    return cells;
}

} // namespace

Session::Session(Replica& replica, Side side, const PeerId& peer, const Limits& limits)
    : replica_(replica), side_(side), limits_(limits), pulling_(replica, peer, limits),
      serving_(replica.store(), limits) {}

Result<> Session::start() {
    if (auto done = replica_.store().inbox_expire(); !done)
        log_warning("old_transfers_not_forgotten", "reason", done.error().message);
    if (side_ == Side::server) return {};
    round_ = Round::pulling;
    return begin_pull(Pulling::Extent::missing);
}

Result<> Session::resync() {
    if (side_ == Side::server) {
        poke();
        return pull_more();
    }
    if (round_ != Round::idle) return {};
    round_ = Round::pulling;
    return pulling_.active() ? Result<>{} : begin_pull(Pulling::Extent::missing);
}

Result<> Session::close() { return pulling_.suspend(); }

Result<> Session::receive(Message message) {
    if (auto done = std::visit([this](auto& fields) { return on(fields); }, message); !done)
        return done;
    if (outgoing_bytes_ > limits_.outgoing_bytes + limits_.answer_bytes)
        return fail(Code::protocol, "The other side asks for more than it reads.");
    return {};
}

Result<> Session::begin_pull(Pulling::Extent extent) {
    const auto request = pulling_.start(extent);
    if (!request) return std::unexpected(request.error());
    counters_.expected_cells = 0;
    send(*request);
    return {};
}

Result<> Session::pull_more() {
    if (!pulling_.active()) return begin_pull(Pulling::Extent::missing);
    // Before its Begin the peer has not yet looked: then the pull finds it all.
    pull_again_ = pull_again_ || pulling_.begun();
    return {};
}

Result<> Session::on(Pull& message) {
    serving_.start(std::move(message));
    return {};
}

Result<> Session::on(Ack&) { return serving_.acknowledged(); }

Result<> Session::on(Begin& message) {
    counters_.expected_cells += message.expected;
    return pulling_.begin(std::move(message));
}

Result<> Session::on(Batch& message) {
    if (pulling_.abandoned()) return {}; // it was on its way when we refused
    count(message);
    auto done = pulling_.batch(std::move(message));
    if (!done && done.error().code == Code::denied) return refuse_over_quota();
    if (done) send(Ack{});
    return done;
}

Result<> Session::on(End&) {
    const bool refused = pulling_.abandoned();
    auto delta = pulling_.end();
    if (!delta && delta.error().code == Code::denied) return refuse_over_quota();
    if (!delta) return std::unexpected(delta.error());
    if (refused) return owes_full_ || pull_again_ ? pull_again() : Result<>{};
    keep(std::move(*delta));
    const VersionVector target = pulling_.target();
    auto own = replica_.reconcile_own(target);
    if (!own) return std::unexpected(own.error());
    if (auto done = changed(*own); !done) return done;
    keep(std::move(*own));
    pulled_ = true;
    return after_pull(target);
}

Result<> Session::pull_again() {
    pull_again_ = false;
    const bool full = std::exchange(owes_full_, false);
    return begin_pull(full ? Pulling::Extent::full : Pulling::Extent::missing);
}

Result<> Session::after_pull(const VersionVector& target) {
    if (owes_full_ || pull_again_) return pull_again();
    if (round_ == Round::pulling) return offer(target);
    if (owes_settled_) return settle(target);
    auto versions = replica_.store().versions();
    if (!versions) return std::unexpected(versions.error());
    send(Applied{std::move(*versions)});
    return {};
}

/// Digests are compared only where version vectors are equal, and cost a little: none otherwise.
Result<std::optional<Hash>> Session::digest_if_at(const VersionVector& target) {
    const auto versions = replica_.store().versions();
    if (!versions) return std::unexpected(versions.error());
    if (*versions != target) return std::nullopt;
    const auto digest = replica_.store().digest();
    if (!digest) return std::unexpected(digest.error());
    return *digest;
}

Result<> Session::offer(const VersionVector& target) {
    auto versions = replica_.store().versions();
    if (!versions) return std::unexpected(versions.error());
    const auto digest = digest_if_at(target);
    if (!digest) return std::unexpected(digest.error());
    round_ = Round::offered;
    send(Offer{repairing_, std::move(*versions), *digest});
    return {};
}

Result<> Session::settle(const VersionVector& target) {
    auto versions = replica_.store().versions();
    if (!versions) return std::unexpected(versions.error());
    const auto digest = digest_if_at(target);
    if (!digest) return std::unexpected(digest.error());
    owes_settled_ = false;
    settled_ = true;
    over_quota_ = false;
    send(Settled{std::move(*versions), *digest});
    return {};
}

Result<> Session::on(Offer& message) {
    owes_settled_ = true;
    if (message.full) {
        owes_full_ = pulling_.active();
        return owes_full_ ? Result<>{} : begin_pull(Pulling::Extent::full);
    }
    const auto digest = digest_if_at(message.versions);
    if (!digest) return std::unexpected(digest.error());
    const bool equal = message.digest && *digest == message.digest;
    if (!equal || pulling_.active()) return pull_more();
    pulled_ = live_ = true;
    if (auto done = confirm(message.versions); !done) return done;
    return settle(message.versions);
}

Result<> Session::on(Settled& message) {
    over_quota_ = false;
    live_ = true;
    if (auto done = confirm(message.versions); !done) return done;
    return round_ == Round::offered ? finish_round(message) : Result<>{};
}

Result<> Session::finish_round(const Settled& settled) {
    const auto digest = digest_if_at(settled.versions);
    if (!digest) return std::unexpected(digest.error());
    if (*digest && settled.digest && *digest != settled.digest) {
        if (!repairing_) {
            log_warning("equal versions but unequal contents: exchanging everything");
            ++counters_.repairs;
            repairing_ = true;
            round_ = Round::pulling;
            return begin_pull(Pulling::Extent::full);
        }
        log_error("contents still differ after a full exchange");
    }
    repairing_ = false;
    round_ = Round::idle;
    settled_ = true;
    // Written while the round was on its way: after the peer had looked, before we pushed.
    const auto versions = replica_.store().versions();
    if (!versions) return std::unexpected(versions.error());
    VersionVector known = settled.versions;
    join(known, unconfirmed_);
    if (mesh::covers(known, *versions) || serving_.active()) return {};
    poke();
    return {};
}

Result<> Session::on(Push& message) {
    count(message);
    const auto versions = replica_.store().versions();
    if (!versions) return std::unexpected(versions.error());
    if (!mesh::covers(*versions, message.from)) return pull_more();
    auto delta = replica_.apply(authentic(message), message.to, quota());
    if (!delta && delta.error().code == Code::denied) {
        // Refused while the peer streams, it would be taken for a refusal of the stream.
        if (pulling_.active()) return pull_more();
        send(Quota{limits_.quota_cells, limits_.quota_bytes});
        return {};
    }
    if (!delta) return std::unexpected(delta.error());
    VersionVector reached;
    for (const auto& [device, hlc] : message.to)
        reached[device] = std::max(version_of(*versions, device), version_of(delta->to, device));
    keep(std::move(*delta));
    send(Applied{std::move(reached)});
    return {};
}

Result<> Session::on(Applied& message) {
    over_quota_ = false;
    return confirm(message.versions);
}

Result<> Session::confirm(const VersionVector& peer) {
    std::erase_if(unconfirmed_, [&](const auto& pushed) {
        return version_of(peer, pushed.first) >= pushed.second;
    });
    if (!pulled_ || !replica_.self()) return {};
    return replica_.acknowledge(version_of(peer, *replica_.self()));
}

Result<> Session::on(Quota&) {
    log_warning("the server's quota for this mesh is used up");
    // Whoever gives up a pull still waits for its end.
    if (serving_.active()) send(End{});
    serving_.stop();
    over_quota_ = true;
    round_ = Round::idle;
    repairing_ = false;
    return {};
}

Result<> Session::refuse_over_quota() {
    owes_settled_ = owes_full_ = pull_again_ = false;
    send(Quota{limits_.quota_cells, limits_.quota_bytes});
    return pulling_.abandon();
}

Result<> Session::on(Poke&) { return pull_more(); }

Result<> Session::changed(const Delta& delta) {
    // Before the peer has had all of ours once, and while it is reading, its pull brings the rest.
    if (delta.empty() || !live_ || serving_.active() || over_quota_) return {};
    join(unconfirmed_, delta.to);
    const std::size_t bytes = size_of(delta);
    const bool large =
        delta.partial || delta.cells.size() > limits_.batch_cells || bytes > limits_.batch_bytes;
    if (poke_pending_ || large || outgoing_bytes_ + bytes > limits_.outgoing_bytes)
        poke();
    else
        send(push_of(delta));
    return {};
}

void Session::poke() { poke_pending_ = true; }

Result<std::optional<Bytes>> Session::take_outgoing() {
    if (!outgoing_.empty()) {
        Bytes oldest = std::move(outgoing_.front());
        outgoing_.pop_front();
        outgoing_bytes_ -= queued_size(oldest);
        return oldest;
    }
    // A stream that is running brings what a poke would ask to pull.
    if (std::exchange(poke_pending_, false) && !serving_.active()) return encoded(Poke{});
    const auto message = serving_.next();
    if (!message) return std::unexpected(message.error());
    if (!*message) return std::nullopt;
    if (std::holds_alternative<End>(**message)) live_ = true;
    return encoded(**message);
}

std::vector<Delta> Session::take_applied() { return std::exchange(applied_, {}); }

bool Session::in_sync() const {
    return settled_ && round_ == Round::idle && !pulling_.active() && !serving_.active() &&
           !owes_settled_ && unconfirmed_.empty() && !poke_pending_ && !over_quota_;
}

void Session::count(const Envelopes& received) {
    const auto good = std::ranges::count_if(received.checked, [](const auto& c) { return !!c; });
    counters_.received_cells += static_cast<std::uint64_t>(good);
    counters_.rejected_cells += received.checked.size() - static_cast<std::uint64_t>(good);
}

void Session::keep(Delta delta) {
    if (!delta.empty()) applied_.push_back(std::move(delta));
}

Bytes Session::encoded(const Message& message) {
    counters_.sent_cells += cells_to_check(message);
    return encode(message);
}

void Session::send(const Message& message) {
    outgoing_.push_back(encoded(message));
    outgoing_bytes_ += queued_size(outgoing_.back());
}

} // namespace envmesh::sync
