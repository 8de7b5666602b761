// SPDX-License-Identifier: MIT
// A network in virtual time: machines that sleep, crash and come back, and connections between
// them. Bytes arrive late and in order; while a path is broken they wait, as TCP's do, until an end
// misses its pings (websocket_link.cpp). An end that is gone answers with a reset.
#pragma once

#include "tests/support/sync_world.h"

#include <array>

namespace envmesh::test {

using Time = std::int64_t; // virtual, ms
using Side = Session::Side;

/// What is to happen, and when. Of one moment, in the order in which it was planned.
class Agenda {
  public:
    [[nodiscard]] Time now() const { return now_; }
    void at(Time when, std::function<void()> what) {
        events_.emplace(std::pair(std::max(when, now_), next_++), std::move(what));
    }
    /// The next event; false when it is later than `until`, and then it is that late.
    bool step(Time until);

  private:
    Time now_ = 0;
    std::uint64_t next_ = 0;
    std::map<std::pair<Time, std::uint64_t>, std::function<void()>> events_;
};

struct Wire;
using WirePtr = std::shared_ptr<Wire>;

enum class Power { running, asleep, crashed, off }; // who crashed resets; who is off is silent

struct Machine {
    Machine(int number, Part part) : node(number, part, Replica::Holding::on) {}
    virtual ~Machine() = default;

    Node node;
    Time skew = 0; // of the wall clock
    Power power = Power::running;
    bool listens = false;
    std::vector<WirePtr> guests;
    int lan = 0;           // part of the local network; the cloud is in none
    bool has_route = true; // to the cloud, or the cloud's to everyone

    int life = 0; // one ends with a crash
    Time slept = 0;
    Time asleep_since = 0;
    std::vector<std::pair<Time, std::function<void()>>> parked; // timers that ran out in its sleep

    [[nodiscard]] bool is_cloud() const { return !node.is_member(); }
    [[nodiscard]] bool running() const { return power == Power::running; }
};

/// One connection whose handshake is done.
struct Wire {
    struct Packet {
        enum class Kind { message, ping, pong, end } kind;
        Bytes bytes{};
    };
    struct End {
        End(Machine& of, Side side, Machine& peer, const Limits& limits)
            : machine(of), session(of.node.replica, side, peer.node.id, limits) {}
        Machine& machine;
        Session session;
        bool open = true;
        std::deque<Packet> coming;
        Time last_arrival = 0;
        bool heard = true;
        Time heard_at = 0; // steady, as the next
        Time silent_since = 0;
        Time silence = 0; // before a ping
        int missed = 0;
        std::uint64_t turn = 0; // of the watch
        [[nodiscard]] Time deadline() const {
            return silent_since + silence + missed * silence / 2;
        }
    };
    Wire(Machine& from, Machine& to, const Limits& limits, Time takes)
        : latency(takes), client(from, Side::client, to, limits),
          server(to, Side::server, from, limits) {}

    Time latency;
    End client;
    End server;

    End& end(Side side) { return side == Side::client ? client : server; }
    End& other(Side side) { return side == Side::client ? server : client; }
};

class Network {
  public:
    explicit Network(std::uint64_t seed) : random(seed) {}
    virtual ~Network() = default;

    Agenda agenda;
    SeededRandom random;
    Limits limits;
    std::vector<std::string> faults; // what must not be, and was
    std::uint64_t messages = 0;      // of sessions: pings do not count
    std::uint64_t resumed = 0;       // transfers that went on where they had stopped
    double break_chance = 0;         // of a connection, with each of its messages

    [[nodiscard]] Time now() const { return agenda.now(); }
    /// Stands still while the machine sleeps.
    [[nodiscard]] Time steady(const Machine& machine) const;
    void set_clock(Machine& machine) const;
    [[nodiscard]] static bool path(const Machine& one, const Machine& other);
    void must(const Result<>& done, const char* what);

    /// Ends at once, on both sides.
    void cut(const WirePtr& wire);
    void crash(Machine& machine, Power power);
    void sleep(Machine& machine);
    void wake(Machine& machine);
    [[nodiscard]] const std::vector<WirePtr>& wires() const { return wires_; }

  protected:
    void timer(Machine& machine, Time delay, std::function<void()> what);
    [[nodiscard]] Time latency(const Machine& one, const Machine& other);
    WirePtr connect(Machine& from, Machine& to);
    void change(const WirePtr& wire, Side side, const Delta& delta);
    /// This end closes; the other learns it if it can be reached.
    void hang_up(const WirePtr& wire, Side side);
    /// A sign of life within seconds, or the end.
    void probe(const WirePtr& wire, Side side);

    virtual void applied(Machine& machine, const Delta& delta, const Wire& from) = 0;
    virtual void progressed(const WirePtr& wire, Side side) = 0;
    virtual void ended(const WirePtr& wire, Side side) = 0; // not told to who crashed
    virtual void links_changed(const Machine& of) = 0;

  private:
    void wait(Machine& machine, int life, Time due, std::function<void()> what);
    void collect(const WirePtr& wire, Side from);
    void send(const WirePtr& wire, Side from, Wire::Packet packet);
    void arrive(const WirePtr& wire, Side at);
    void take(const WirePtr& wire, Side at, Wire::Packet packet);
    void feed(const WirePtr& wire, Side at, const Bytes& bytes);
    void let_go(const WirePtr& wire, Side side);
    void watch(const WirePtr& wire, Side side);

    std::vector<WirePtr> wires_;
};

} // namespace envmesh::test
