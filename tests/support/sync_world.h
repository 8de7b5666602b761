// SPDX-License-Identifier: MIT
// A mesh in one process for tests of sync: cheap stand-ins for keys and membership, a clock that
// the test sets, and nodes that are members or blind servers.
#pragma once

#include "core/sync/session.h"
#include "tests/support/memory_store.h"

#include <memory>
#include <random>

namespace envmesh::test {

class SetClock final : public Clock {
  public:
    std::int64_t wall = 1'700'000'000'000;
    std::int64_t wall_ms() override { return wall; }
    std::int64_t steady_ms() override { return wall; }
};

class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}
    void fill(std::span<std::uint8_t> bytes) override {
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(engine_());
    }
    /// Less than `bound`.
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
    bool chance(double probability) {
        return static_cast<double>(engine_() >> 11U) * 0x1p-53 < probability;
    }
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low +
               static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
    }

  private:
    std::mt19937_64 engine_;
};

inline DeviceId device(int number) {
    DeviceId out{};
    out[15] = static_cast<std::uint8_t>(number);
    return out;
}

/// The plaintext is not encrypted and the signature is a hash: as fast as it gets, and still every
/// flipped byte shows.
class StandIn final : public Authority {
  public:
    StandIn(const DeviceId& self, bool reads) : self_(self), reads_(reads) {}

    [[nodiscard]] bool authentic(const Envelope& envelope) const override {
        return !refused.contains(envelope.device) && sign(envelope) == envelope.signature;
    }
    [[nodiscard]] bool can_read() const override { return reads_; }
    [[nodiscard]] Result<Variable> open(const Envelope& envelope) const override {
        if (!reads_ || unknown_epochs.contains(envelope.epoch))
            return fail(Code::locked, "No key.");
        const View sealed = envelope.sealed;
        return decode(sealed.first(sealed.size() - crypto::tag_size),
                      {envelope.device, envelope.hlc});
    }
    [[nodiscard]] Bytes seal(const Variable& variable, Hlc hlc, std::size_t least_bucket,
                             Random& random) const override {
        Envelope out;
        out.epoch = epoch;
        out.record = record_id(variable.scope, variable.name);
        out.device = self_;
        out.hlc = hlc;
        random.fill(out.nonce);
        out.sealed = to_bytes(encode(variable, least_bucket).reveal());
        out.sealed.resize(out.sealed.size() + crypto::tag_size);
        out.signature = sign(out);
        return out.encode();
    }
    [[nodiscard]] RecordId record_id(std::string_view scope, std::string_view name) const override {
        const Bytes zero(1);
        return crypto::hash128({view(scope), zero, view(name)});
    }

    std::set<DeviceId> refused;
    std::set<mesh::Epoch> unknown_epochs;
    mesh::Epoch epoch = 0;

  private:
    [[nodiscard]] static crypto::Signature sign(const Envelope& envelope) {
        Envelope blank = envelope;
        blank.signature = {};
        const crypto::Hash hash = crypto::hash256({blank.encode()});
        crypto::Signature out{};
        std::ranges::copy(hash, out.begin());
        return out;
    }

    DeviceId self_;
    bool reads_;
};

enum class Part { member, server };

struct Node {
    Node(int number, Part part, Replica::Holding holding = Replica::Holding::off)
        : id(device(number)), random(static_cast<std::uint64_t>(number)),
          authority(id, part == Part::member),
          replica(store, authority, clock, random,
                  part == Part::member ? std::optional(id) : std::nullopt, holding) {}

    DeviceId id;
    SetClock clock;
    SeededRandom random;
    StandIn authority;
    MemoryStore store;
    Replica replica;

    [[nodiscard]] bool is_member() const { return replica.self().has_value(); }
    /// "" when there is none, "deleted" for a tombstone.
    std::string value(std::string_view name) {
        const auto found = replica.read("shared", name).value();
        if (!found) return "";
        if (found->variable.kind == Kind::tombstone) return "deleted";
        return std::string(found->variable.value.reveal_text());
    }
    Delta set(std::string name, std::string_view value) {
        std::vector<Change> changes(1);
        changes[0].name = std::move(name);
        changes[0].value = Secret(value);
        return replica.write(std::move(changes)).value();
    }
    Delta erase(std::string name) {
        std::vector<Change> changes(1);
        changes[0].name = std::move(name);
        changes[0].kind = Kind::tombstone;
        return replica.write(std::move(changes)).value();
    }
    /// A change as another node receives it.
    [[nodiscard]] static std::vector<Cell> received(const Node& by, const Delta& delta) {
        std::vector<Cell> out;
        for (const Cell& cell : delta.cells)
            if (auto checked = check_cell(by.authority, cell.envelope)) out.push_back(*checked);
        return out;
    }
};

/// A link between two nodes whose handshake is done: bytes in order, nothing lost while it lasts.
struct Link {
    Link(Node& from, Node& to, const Limits& limits = {})
        : client_node(from), server_node(to),
          client(from.replica, Session::Side::client, to.id, limits),
          server(to.replica, Session::Side::server, from.id, limits) {}

    Node& client_node;
    Node& server_node;
    Session client;
    Session server;
    std::deque<Bytes> to_server;
    std::deque<Bytes> to_client;

    void collect() {
        while (auto bytes = client.take_outgoing().value())
            to_server.push_back(std::move(*bytes));
        while (auto bytes = server.take_outgoing().value())
            to_client.push_back(std::move(*bytes));
    }
    [[nodiscard]] bool idle() {
        collect();
        return to_server.empty() && to_client.empty();
    }
    /// Delivers one message; the error of the session that took it.
    Result<> deliver(Session::Side to) {
        const bool at_server = to == Session::Side::server;
        std::deque<Bytes>& queue = at_server ? to_server : to_client;
        const Bytes bytes = std::move(queue.front());
        queue.pop_front();
        auto message = decode(bytes);
        if (!message) return std::unexpected(message.error());
        check_cells((at_server ? server_node : client_node).authority, *message);
        return (at_server ? server : client).receive(std::move(*message));
    }
    /// Until nothing is under way.
    Result<> run() {
        while (!idle())
            if (auto done =
                    deliver(to_server.empty() ? Session::Side::client : Session::Side::server);
                !done)
                return done;
        return {};
    }
};

/// One complete round between two nodes.
inline Result<> run_round(Node& from, Node& to, const Limits& limits = {}) {
    Link link(from, to, limits);
    if (auto done = link.client.start(); !done) return done;
    return link.run();
}

} // namespace envmesh::test
