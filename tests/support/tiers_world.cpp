// SPDX-License-Identifier: MIT
#include "tests/support/tiers_world.h"

namespace envmesh::test {
namespace {

constexpr Time look_at_least_ms = 5'000;    // links.cpp
constexpr Time first_backoff_ms = 500;      // uplink.cpp
constexpr Time longest_backoff_ms = 30'000; // uplink.cpp
constexpr Time establish_ms = 10'000;       // websocket.h
constexpr std::size_t most_links = 2;       // of one device, server_links.cpp
constexpr Time record_lives_ms = 120'000;   // RFC 6762 §10

} // namespace

const Line* Member::lowest() const {
    const Line* out = nullptr;
    for (const Neighbour& one : neighbours)
        if (one.line->wire && (out == nullptr || one.line->target.node.id < out->target.node.id))
            out = one.line.get();
    return out;
}

TiersWorld::TiersWorld(std::uint64_t seed) : Network(seed) { cloud.listens = true; }

void TiersWorld::start(Member& member) {
    member.health.emplace(random);
    member.election.emplace(member.node.id, random);
    member.instance = ++instances_;
    if (member.uses_cloud) {
        member.cloud = std::make_shared<Line>(member, cloud);
        dial(member.cloud);
    }
    ask_around(member);
    look(member);
}

void TiersWorld::stop(Machine& machine, Power power) {
    crash(machine, power);
    auto* member = dynamic_cast<Member*>(&machine);
    if (member == nullptr) return;
    member->serving = false;
    member->cloud.reset();
    member->neighbours.clear();
}

void TiersWorld::restart(Machine& machine) {
    machine.power = Power::running;
    if (auto* member = dynamic_cast<Member*>(&machine)) return start(*member);
    machine.listens = true;
}

void TiersWorld::wake_up(Member& member, bool tell) {
    wake(member);
    if (tell) network_changed(member);
}

void TiersWorld::network_changed(Member& member) {
    if (member.cloud) shake(member.cloud);
    wake_neighbours(member);
    ask_around(member);
}

void TiersWorld::wake_neighbours(Member& member) {
    std::vector<LinePtr> lines;
    for (const Neighbour& one : member.neighbours)
        lines.push_back(one.line);
    for (const LinePtr& line : lines)
        shake(line);
    look_at_neighbours(member);
}

void TiersWorld::shake(const LinePtr& line) {
    if (line->wire)
        probe(line->wire, Side::client);
    else
        hurry(line);
}

// Changes

void TiersWorld::write(Member& member, std::vector<Change> changes) {
    set_clock(member);
    const auto delta = member.node.replica.write(std::move(changes));
    if (!delta) return faults.push_back("write: " + delta.error().message);
    ++totals.writes;
    tell(member, *delta, nullptr);
}

/// Links::pass_on and Server::pass_on: to everyone but whom it came from.
void TiersWorld::tell(Machine& machine, const Delta& delta, const Wire* but) {
    const auto pass = [&](const WirePtr& wire, Side side) {
        if (wire && wire.get() != but) change(wire, side, delta);
    };
    if (auto* member = dynamic_cast<Member*>(&machine)) {
        if (member->cloud) pass(member->cloud->wire, Side::client);
        std::vector<WirePtr> wires;
        for (const Neighbour& one : member->neighbours)
            wires.push_back(one.line->wire);
        for (const WirePtr& wire : wires)
            pass(wire, Side::client);
    }
    for (const WirePtr& guest : std::vector(machine.guests))
        pass(guest, Side::server);
}

void TiersWorld::applied(Machine& machine, const Delta& delta, const Wire& from) {
    tell(machine, delta, &from);
    has_more(machine);
}

void TiersWorld::progressed(const WirePtr& wire, Side side) {
    if (wire->end(side).session.counters().repairs != 0)
        faults.emplace_back("equal versions and unequal contents met");
    if (side == Side::server || !wire->client.session.in_sync()) return;
    const LinePtr line = line_of(dynamic_cast<Member&>(wire->client.machine), wire);
    if (line) line->failures = 0;
}

// Lines (uplink.cpp)

LinePtr TiersWorld::line_of(Member& member, const WirePtr& wire) {
    if (member.cloud && member.cloud->wire == wire) return member.cloud;
    for (const Neighbour& one : member.neighbours)
        if (one.line->wire == wire) return one.line;
    return nullptr;
}

void TiersWorld::dial(const LinePtr& line) {
    line->state = Line::State::dialling;
    const std::uint64_t turn = ++line->turn;
    const bool answered = path(line->owner, line->target);
    const Time round_trip = 2 * latency(line->owner, line->target);
    const Time takes = !answered ? establish_ms : round_trip * (line->target.listens ? 3 : 1);
    timer(line->owner, takes, [this, line, turn, answered] {
        if (line->turn == turn) dialled(line, answered);
    });
}

void TiersWorld::dialled(const LinePtr& line, bool answered) {
    if (!answered || !line->target.listens || !path(line->owner, line->target))
        return back_off(line);
    line->state = Line::State::connected;
    line->hurry = false;
    line->up_since = steady(line->owner);
    line->wire = connect(line->owner, line->target);
    close_surplus(line->target, line->owner);
    connected(line);
    look(line->owner);
}

/// One link to a server is enough, however often it was heard of.
void TiersWorld::connected(const LinePtr& line) {
    Member& member = line->owner;
    const auto known = std::ranges::find(member.neighbours, line, &Neighbour::line);
    if (known == member.neighbours.end()) return;
    known->proved = true;
    if (!is_duplicate(member, *known)) return;
    const WirePtr wire = std::exchange(line->wire, nullptr);
    line->state = Line::State::idle;
    hang_up(wire, Side::client);
}

void TiersWorld::close_surplus(Machine& server, const Machine& client) {
    std::size_t links = 0;
    const std::vector guests(server.guests.rbegin(), server.guests.rend());
    for (const WirePtr& guest : guests)
        if (&guest->client.machine == &client && ++links > most_links) hang_up(guest, Side::server);
}

void TiersWorld::back_off(const LinePtr& line) {
    line->state = Line::State::resting;
    const std::uint64_t turn = ++line->turn;
    if (std::exchange(line->hurry, false)) return dial(line);
    const Time most = std::min(longest_backoff_ms, first_backoff_ms << std::min(line->failures, 7));
    ++line->failures;
    timer(line->owner, random.between(most / 2, most), [this, line, turn] {
        if (line->turn == turn) dial(line);
    });
}

void TiersWorld::hurry(const LinePtr& line) {
    line->failures = 0;
    line->hurry = line->state == Line::State::dialling || line->state == Line::State::connected;
    if (line->state == Line::State::resting) dial(line);
}

void TiersWorld::ended(const WirePtr& wire, Side side) {
    if (side == Side::server) return;
    auto& member = dynamic_cast<Member&>(wire->client.machine);
    const LinePtr line = line_of(member, wire);
    if (!line) return;
    line->wire.reset();
    back_off(line);
    look(member);
}

// Roles (links.cpp)

void TiersWorld::look(Member& member) {
    const Time now_ms = steady(member);
    node::Election& election = *member.election;
    const bool lost_cloud = member.health->up() && !member.has_cloud();
    member.health->update(member.has_cloud(), now_ms);
    if (lost_cloud) {
        wake_neighbours(member);
        ask_around(member);
    }
    node::Election::View view;
    view.may_serve = member.may_serve && member.allowed;
    view.cloud = member.has_cloud();
    view.cloud_steady = member.health->steady(now_ms);
    if (const Line* lowest = member.lowest()) view.server = lowest->target.node.id;
    if (view.server && *view.server < member.node.id) member.saw_lower = now_ms;
    election.update(view, now_ms);
    if (election.serving() && !member.serving) serve(member);
    if (!election.serving() && member.serving) stop_serving(member);
    look_at_neighbours(member);
    Time next = now_ms + look_at_least_ms;
    for (const auto& at : {election.next(), member.health->steady_at()})
        if (at && *at > now_ms) next = std::min(next, *at);
    const std::uint64_t turn = ++member.look_turn;
    timer(member, next - now_ms, [this, &member, turn] {
        if (member.look_turn == turn) look(member);
    });
}

void TiersWorld::serve(Member& member) {
    role_changes(member, RoleChange::begin);
    ++totals.failovers;
    if (random.chance(no_port_chance)) {
        role_changes(member, RoleChange::forced);
        ++totals.forced;
        return member.election->failed(steady(member));
    }
    member.serving = member.listens = true;
    const int term = ++member.term;
    for (const auto& other : members)
        if (other.get() != &member)
            announce(member, *other, term,
                     random.chance(deaf_chance) ? random.between(5'000, 40'000)
                                                : random.between(0, 1'500));
}

void TiersWorld::stop_serving(Member& member) {
    const bool forced = !member.may_serve || !member.allowed;
    role_changes(member, forced ? RoleChange::forced : RoleChange::end);
    const bool cloud_is_back = member.health->steady(steady(member));
    ++(forced ? totals.forced : cloud_is_back ? totals.fail_backs : totals.yields);
    member.serving = member.listens = false;
    for (const auto& other : members) {
        if (random.chance(0.1)) continue; // nobody repeats a goodbye
        const int instance = member.instance;
        agenda.at(now() + random.between(0, 1'500), [this, &member, &other = *other, instance] {
            if (!member.serving && other.running() && path(member, other)) lost(other, instance);
        });
    }
    for (const WirePtr& guest : std::vector(member.guests))
        hang_up(guest, Side::server);
}

// Hearing (mDNS) and neighbours.cpp

/// Again and again while it serves, as records are asked for before they expire.
void TiersWorld::announce(Member& server, Member& to, int term, Time delay) {
    agenda.at(now() + delay, [this, &server, &to, term] {
        if (!server.serving || server.term != term) return;
        if (to.running() && path(server, to)) found(to, server);
        announce(server, to, term, random.between(10'000, 30'000));
    });
}

void TiersWorld::ask_around(Member& member) {
    for (const auto& server : members)
        if (server.get() != &member)
            agenda.at(now() + random.between(20, 1'500), [this, &member, &server = *server] {
                const bool hears = member.running() && server.serving && path(member, server);
                if (hears && !random.chance(deaf_chance)) found(member, server);
            });
}

void TiersWorld::found(Member& member, Member& server) {
    const auto known = std::ranges::find(member.neighbours, server.instance, &Neighbour::instance);
    if (known != member.neighbours.end()) {
        known->heard = now();
        if (!std::exchange(known->announced, true)) hurry(known->line);
        return;
    }
    member.neighbours.push_back(
        {server.instance, std::make_shared<Line>(member, server), true, false, now()});
    look(member);
}

void TiersWorld::lost(Member& member, int instance) {
    const auto known = std::ranges::find(member.neighbours, instance, &Neighbour::instance);
    if (known == member.neighbours.end()) return;
    known->announced = false;
    look(member);
}

bool TiersWorld::is_duplicate(const Member& member, const Neighbour& neighbour) {
    return neighbour.proved && std::ranges::any_of(member.neighbours, [&](const Neighbour& other) {
               return &other != &neighbour && other.line->wire &&
                      &other.line->target == &neighbour.line->target;
           });
}

/// A link that works outlives its announcement.
void TiersWorld::look_at_neighbours(Member& member) {
    for (Neighbour& one : member.neighbours) {
        if (now() - one.heard > record_lives_ms) one.announced = false;
        if (!one.announced && !one.line->wire) ++one.line->turn;
    }
    std::erase_if(member.neighbours,
                  [](const Neighbour& one) { return !one.announced && !one.line->wire; });
    for (const Neighbour& one : member.neighbours)
        if (one.line->state == Line::State::idle && !is_duplicate(member, one)) dial(one.line);
}

} // namespace envmesh::test
