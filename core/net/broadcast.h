// SPDX-License-Identifier: MIT
// The second way to find a server of the local network, where multicast is blocked: one UDP packet
// by IPv4 broadcast (RFC 919) on every network of this machine, to port 8765. Hearsay, as DNS-SD
// is.
//
//   "EnvMesh" 0x01   kind u8: 1 here, 2 who is there?, 3 leaving
//   1 and 3: run8 instance (1 to 63 printable ASCII), port u16, count u8, count times run8 key and
//   run8 value (at most 8, printable)
//
// A server says 1 when it begins, every 30 s, and after a 2, at most once a second. What is heard
// is kept for 90 s. Packets of more than 512 bytes, from an address outside the networks, or beyond
// 10 a second of one address are dropped.
#pragma once

#include "core/base/bytes.h"
#include "core/base/task.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/udp.hpp>

namespace envmesh::net {

inline constexpr std::uint16_t beacon_port = 8765;

struct Beacon {
    std::string instance;
    std::uint16_t port = 0;
    std::map<std::string, std::string> text;
    bool operator==(const Beacon&) const = default;
};
struct BeaconPacket {
    enum class Kind : std::uint8_t { here = 1, who = 2, leaving = 3 } kind = Kind::who;
    Beacon beacon; // empty for `who`
};
Bytes encode(const BeaconPacket& packet);
/// `protocol` for anything but what stands above.
Result<BeaconPacket> decode_beacon(View bytes);

class Broadcast {
  public:
    using Address = std::array<std::uint8_t, 4>;
    struct Network {
        std::string interface;
        Address address{}, mask{}, broadcast{};
    };
    struct Hooks {
        std::function<std::vector<Network>()> networks; // that this machine has now
        std::function<void(const Beacon&, const std::string& address)> found; // or changed
        std::function<void(const std::string& instance)> lost;
    };
    struct Times {
        std::chrono::milliseconds again{30'000}, forget{90'000}, gap{1'000};
    };
    /// What was said last on a network, and what has been heard there since `seek`.
    struct Report {
        std::string interface, to, error; // error: empty when it was sent
        std::size_t heard = 0;
    };
    Broadcast(asio::any_io_executor executor, Hooks hooks);
    Broadcast(asio::any_io_executor executor, Hooks hooks, Times times, std::uint16_t port);

    /// Binds; another node of this computer may have done so too.
    Result<> open();
    /// Until `close`.
    Task<> run();
    void close();
    void announce(Beacon beacon);
    void withdraw();
    void seek();
    [[nodiscard]] const std::vector<Report>& reports() const { return reports_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Heard {
        Beacon beacon;
        std::string address;
        Clock::time_point until;
    };
    Task<> receive();
    Task<> keep_saying();
    bool may_receive(Clock::time_point now);
    void take(View bytes, const asio::ip::udp::endpoint& from);
    void hear(const Beacon& beacon, const std::string& address);
    void forget(const std::string& instance);
    void forget_old();
    void say(BeaconPacket::Kind kind);

    asio::any_io_executor executor_;
    Hooks hooks_;
    Times times_;
    std::uint16_t port_;
    asio::ip::udp::socket socket_;
    std::optional<Beacon> ours_;
    Clock::time_point said_;
    bool asked_ = false; // and not answered yet
    std::map<std::string, Heard> heard_;
    std::vector<Report> reports_;
    Clock::time_point budget_since_;
    int received_ = 0;
    std::map<std::uint32_t, int> taken_; // of each address; both in the second since
    Signal changed_;
    bool closed_ = false;
    TaskGroup tasks_;
};

} // namespace envmesh::net
