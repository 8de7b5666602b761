// SPDX-License-Identifier: MIT
// One mesh on the network of tiers_network.h: a cloud and members that keep their links, serve and
// hear of each other as the product does (links.cpp, neighbours.cpp, uplink.cpp, server_links.cpp),
// with its real sessions, election and health. What stands here and there must be kept alike.
#pragma once

#include "core/node/election.h"
#include "tests/support/tiers_network.h"

#include <list>

namespace envmesh::test {

struct Member;

/// Keeps one link to a server (uplink.h).
struct Line {
    enum class State { idle, resting, dialling, connected };
    Line(Member& of, Machine& to) : owner(of), target(to) {}
    Member& owner;
    Machine& target;
    State state = State::idle;
    WirePtr wire;
    int failures = 0;
    bool hurry = false;
    std::uint64_t turn = 0; // what was planned for an earlier one is void
    Time up_since = 0;      // steady
};
using LinePtr = std::shared_ptr<Line>;

struct Neighbour {
    int instance = 0;
    LinePtr line;
    bool announced = true;
    bool proved = false; // was connected once
    Time heard = 0;
};

struct Member final : Machine {
    Member(int number, bool in_cloud, bool serves)
        : Machine(number, Part::member), uses_cloud(in_cloud), may_serve(serves) {}
    const bool uses_cloud;
    const bool may_serve; // not client-only
    bool allowed = true;  // by its configuration, which may change
    std::optional<node::Health> health;
    std::optional<node::Election> election;
    LinePtr cloud;
    std::list<Neighbour> neighbours;
    bool serving = false;
    int instance = 0; // its name on the local network, new in each life
    int term = 0;     // of serving
    std::uint64_t look_turn = 0;
    std::optional<Time> saw_lower; // a server of a lower id, steady

    [[nodiscard]] bool has_cloud() const { return cloud && cloud->wire; }
    /// The neighbour of the lowest id that it has a link to.
    [[nodiscard]] const Line* lowest() const;
};

struct Totals {
    std::uint64_t writes = 0;
    std::uint64_t failovers = 0;  // began to serve
    std::uint64_t fail_backs = 0; // ended since the cloud is back
    std::uint64_t yields = 0;     // ended since a lower id serves
    std::uint64_t forced = 0;
    [[nodiscard]] std::uint64_t role_changes() const {
        return failovers + fail_backs + yields + forced;
    }
    void add(const Totals& more) {
        writes += more.writes;
        failovers += more.failovers;
        fail_backs += more.fail_backs;
        yields += more.yields;
        forced += more.forced;
    }
};

enum class RoleChange { begin, end, forced };

class TiersWorld : public Network {
  public:
    explicit TiersWorld(std::uint64_t seed);

    Machine cloud{101, Part::server};
    std::vector<std::unique_ptr<Member>> members; // ascending by id
    Totals totals;
    double deaf_chance = 0;    // that a machine does not hear an announcement for a while
    double no_port_chance = 0; // that a server cannot listen

    void write(Member& member, std::vector<Change> changes);
    void start(Member& member);
    void stop(Machine& machine, Power power);
    void restart(Machine& machine);
    void wake_up(Member& member, bool tell);
    /// Its platform has noticed that the network changed.
    void network_changed(Member& member);
    /// It asks who is there.
    void ask_around(Member& member);
    void look(Member& member);

  protected:
    /// Before it shows: a server that ends still has its links.
    virtual void role_changes(Member& member, RoleChange change) = 0;
    virtual void has_more(Machine& machine) = 0;

  private:
    void applied(Machine& machine, const Delta& delta, const Wire& from) override;
    void progressed(const WirePtr& wire, Side side) override;
    void ended(const WirePtr& wire, Side side) override;

    void tell(Machine& machine, const Delta& delta, const Wire* but);
    void shake(const LinePtr& line);
    void dial(const LinePtr& line);
    void dialled(const LinePtr& line, bool answered);
    void connected(const LinePtr& line);
    void back_off(const LinePtr& line);
    void hurry(const LinePtr& line);
    void close_surplus(Machine& server, const Machine& client);
    void serve(Member& member);
    void stop_serving(Member& member);
    void announce(Member& server, Member& to, int term, Time delay);
    void found(Member& member, Member& server);
    void lost(Member& member, int instance);
    void wake_neighbours(Member& member);
    static bool is_duplicate(const Member& member, const Neighbour& neighbour);
    void look_at_neighbours(Member& member);
    static LinePtr line_of(Member& member, const WirePtr& wire);

    int instances_ = 0;
};

} // namespace envmesh::test
