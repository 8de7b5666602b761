// SPDX-License-Identifier: MIT
#include "tests/support/tiers_network.h"

namespace envmesh::test {
namespace {

constexpr std::int64_t beginning = std::int64_t{57} * 365 * 86'400'000;
constexpr Time ping_ms = 20'000;
constexpr Time probe_ms = 2'000;
constexpr int pings_to_miss = 2;
constexpr Time sent_again_ms = 1'000;
constexpr std::size_t under_way = 4; // packets; more waits in the session

} // namespace

bool Agenda::step(Time until) {
    if (events_.empty() || events_.begin()->first.first > until) {
        now_ = until;
        return false;
    }
    const auto event = events_.extract(events_.begin());
    now_ = event.key().first;
    event.mapped()();
    return true;
}

Time Network::steady(const Machine& machine) const {
    const bool asleep = machine.power == Power::asleep;
    return (asleep ? machine.asleep_since : now()) - machine.slept;
}

void Network::set_clock(Machine& machine) const {
    machine.node.clock.wall = beginning + now() + machine.skew;
}

bool Network::path(const Machine& one, const Machine& other) {
    const auto answers = [](const Machine& machine) {
        return machine.power == Power::running || machine.power == Power::crashed;
    };
    if (!answers(one) || !answers(other)) return false;
    if (one.is_cloud() || other.is_cloud()) return one.has_route && other.has_route;
    return one.lan == other.lan;
}

/// Two connections of one pair share an inbox: a conflict over it ends one of them.
void Network::must(const Result<>& done, const char* what) {
    if (!done && done.error().code != Code::conflict)
        faults.push_back(std::string(what) + ": " + done.error().message);
}

void Network::timer(Machine& machine, Time delay, std::function<void()> what) {
    wait(machine, machine.life, steady(machine) + delay, std::move(what));
}

void Network::wait(Machine& machine, int life, Time due, std::function<void()> what) {
    agenda.at(now() + due - steady(machine),
              [this, &machine, life, due, what = std::move(what)]() mutable {
                  if (machine.life != life) return;
                  if (machine.power == Power::asleep)
                      machine.parked.emplace_back(due, std::move(what));
                  else if (steady(machine) < due)
                      wait(machine, life, due, std::move(what));
                  else
                      what();
              });
}

void Network::sleep(Machine& machine) {
    machine.power = Power::asleep;
    machine.asleep_since = now();
}

void Network::wake(Machine& machine) {
    machine.power = Power::running;
    machine.slept += now() - machine.asleep_since;
    for (auto& [due, what] : std::exchange(machine.parked, {}))
        wait(machine, machine.life, due, std::move(what));
}

void Network::crash(Machine& machine, Power power) {
    for (const WirePtr& wire : std::vector(wires_))
        for (const Side side : {Side::client, Side::server}) {
            Wire::End& end = wire->end(side);
            Wire::End& peer = wire->other(side);
            if (&end.machine != &machine || !end.open) continue;
            end.open = false;
            peer.coming.clear();
            links_changed(peer.machine);
            if (power == Power::crashed && path(end.machine, peer.machine))
                send(wire, side, {Wire::Packet::Kind::end});
        }
    machine.power = power;
    machine.listens = false;
    machine.guests.clear();
    machine.parked.clear();
    ++machine.life;
}

Time Network::latency(const Machine& one, const Machine& other) {
    const bool far = one.is_cloud() || other.is_cloud();
    return far ? random.between(10, random.chance(0.1) ? 300 : 80) : random.between(1, 5);
}

WirePtr Network::connect(Machine& from, Machine& to) {
    std::erase_if(wires_,
                  [](const WirePtr& one) { return !one->client.open && !one->server.open; });
    auto wire = std::make_shared<Wire>(from, to, limits, latency(from, to));
    wires_.push_back(wire);
    to.guests.push_back(wire);
    for (const Side side : {Side::client, Side::server}) {
        Wire::End& end = wire->end(side);
        end.heard_at = steady(end.machine);
        must(end.session.start(), "start");
        watch(wire, side);
        collect(wire, side);
        links_changed(end.machine);
    }
    return wire;
}

void Network::change(const WirePtr& wire, Side side, const Delta& delta) {
    Wire::End& end = wire->end(side);
    if (!end.open) return;
    const auto done = end.session.changed(delta);
    must(done, "changed");
    if (!done) return hang_up(wire, side);
    collect(wire, side);
}

void Network::collect(const WirePtr& wire, Side from) {
    Wire::End& end = wire->end(from);
    while (end.open && wire->other(from).coming.size() < under_way) {
        auto bytes = end.session.take_outgoing();
        if (!bytes) faults.push_back("take_outgoing: " + bytes.error().message);
        if (!bytes || !*bytes) return;
        ++messages;
        send(wire, from, {Wire::Packet::Kind::message, std::move(**bytes)});
    }
}

void Network::send(const WirePtr& wire, Side from, Wire::Packet packet) {
    Wire::End& to = wire->other(from);
    const Time takes = wire->latency + random.between(0, wire->latency);
    to.last_arrival = std::max(to.last_arrival, now() + takes);
    to.coming.push_back(std::move(packet));
    const Side at = from == Side::client ? Side::server : Side::client;
    agenda.at(to.last_arrival, [this, wire, at] { arrive(wire, at); });
}

void Network::arrive(const WirePtr& wire, Side at) {
    Wire::End& to = wire->end(at);
    Wire::End& from = wire->other(at);
    if (to.coming.empty()) return; // lost with the machine or the connection that sent it
    if (!to.open && !from.open) return to.coming.clear();
    if (!path(to.machine, from.machine)) {
        agenda.at(now() + sent_again_ms, [this, wire, at] { arrive(wire, at); });
        return;
    }
    if (!to.open) {
        to.coming.clear();
        return hang_up(wire, at == Side::client ? Side::server : Side::client);
    }
    Wire::Packet packet = std::move(to.coming.front());
    to.coming.pop_front();
    take(wire, at, std::move(packet));
    collect(wire, at == Side::client ? Side::server : Side::client);
}

void Network::take(const WirePtr& wire, Side at, Wire::Packet packet) {
    wire->end(at).heard = true;
    wire->end(at).heard_at = steady(wire->end(at).machine);
    switch (packet.kind) {
    case Wire::Packet::Kind::message: return feed(wire, at, packet.bytes);
    case Wire::Packet::Kind::ping: return send(wire, at, {Wire::Packet::Kind::pong});
    case Wire::Packet::Kind::pong: return;
    case Wire::Packet::Kind::end: return hang_up(wire, at);
    }
}

void Network::feed(const WirePtr& wire, Side at, const Bytes& bytes) {
    Wire::End& end = wire->end(at);
    set_clock(end.machine);
    auto message = decode(bytes).value();
    if (const auto* begin = std::get_if<Begin>(&message); begin != nullptr && begin->resumed)
        ++resumed;
    check_cells(end.machine.node.authority, message);
    const auto done = end.session.receive(std::move(message));
    for (const Delta& delta : end.session.take_applied())
        applied(end.machine, delta, *wire);
    must(done, "receive");
    if (!done) return hang_up(wire, at);
    progressed(wire, at);
    if (random.chance(break_chance)) return cut(wire);
    collect(wire, at);
}

void Network::watch(const WirePtr& wire, Side side) {
    Wire::End& end = wire->end(side);
    if (std::exchange(end.heard, false)) {
        end.silent_since = end.heard_at;
        end.silence = ping_ms;
        end.missed = 0;
    }
    if (end.deadline() <= steady(end.machine)) {
        if (end.missed == pings_to_miss) return hang_up(wire, side);
        ++end.missed;
        send(wire, side, {Wire::Packet::Kind::ping});
    }
    const std::uint64_t turn = ++end.turn;
    timer(end.machine, end.deadline() - steady(end.machine), [this, wire, side, turn] {
        const Wire::End& watched = wire->end(side);
        if (watched.open && watched.turn == turn) watch(wire, side);
    });
}

// As the link does, it leaves a probe that is under way alone.
void Network::probe(const WirePtr& wire, Side side) {
    Wire::End& end = wire->end(side);
    if (end.silence == probe_ms && !end.heard) return;
    end.silence = probe_ms;
    end.silent_since = steady(end.machine) - probe_ms; // a ping is due now
    end.missed = 0;
    end.heard = false;
    watch(wire, side);
}

void Network::hang_up(const WirePtr& wire, Side side) {
    Wire::End& end = wire->end(side);
    Wire::End& peer = wire->other(side);
    if (!std::exchange(end.open, false)) return;
    must(end.session.close(), "close");
    if (peer.open && path(end.machine, peer.machine)) {
        if (random.chance(0.5)) peer.coming.clear(); // a reset passes what was sent before
        send(wire, side, {Wire::Packet::Kind::end});
    }
    let_go(wire, side);
}

void Network::let_go(const WirePtr& wire, Side side) {
    Machine& machine = wire->end(side).machine;
    std::erase(machine.guests, wire);
    links_changed(machine);
    ended(wire, side);
}

void Network::cut(const WirePtr& wire) {
    for (const Side side : {Side::client, Side::server})
        wire->end(side).coming.clear();
    for (const Side side : {Side::client, Side::server}) {
        Wire::End& end = wire->end(side);
        if (!std::exchange(end.open, false)) continue;
        must(end.session.close(), "close");
        let_go(wire, side);
    }
}

} // namespace envmesh::test
