// SPDX-License-Identifier: MIT
#include "platform/network.h"
#include "platform/linux/descriptor.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <thread>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::uint32_t groups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

// An alarm far away that the kernel cancels when the clock of the day makes a step, as it does on
// waking: the only word of that which needs no service and no right.
bool arm(const Descriptor& alarm) {
    itimerspec far{};
    far.it_value.tv_sec = 8'000'000'000; // the year 2223
    return ::timerfd_settime(alarm.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far,
                             nullptr) == 0;
}

class NetlinkWatch final : public NetworkWatch {
  public:
    NetlinkWatch(Descriptor news, Descriptor alarm, Descriptor stop, std::function<void()> changed)
        : news_(std::move(news)), alarm_(std::move(alarm)), stop_(std::move(stop)),
          changed_(std::move(changed)), thread_([this] { run(); }) {}
    NetlinkWatch(const NetlinkWatch&) = delete;
    NetlinkWatch& operator=(const NetlinkWatch&) = delete;
    ~NetlinkWatch() override {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }

  private:
    void run() {
        for (;;) {
            std::array<pollfd, 3> all{pollfd{stop_.get(), POLLIN, 0},
                                      pollfd{news_.get(), POLLIN, 0},
                                      pollfd{alarm_.get(), POLLIN, 0}};
            if (::poll(all.data(), all.size(), -1) < 0) continue;
            if (all[0].revents != 0) return;
            drain();
            changed_();
        }
    }

    // What changed is of no interest, only that something did. An overrun (ENOBUFS) is news too.
    void drain() {
        std::array<char, 8192> message{};
        while (::recv(news_.get(), message.data(), message.size(), MSG_DONTWAIT) > 0) {
        }
        std::uint64_t expirations = 0;
        if (::read(alarm_.get(), &expirations, sizeof expirations) < 0 && errno == ECANCELED)
            arm(alarm_);
    }

    Descriptor news_;
    Descriptor alarm_;
    Descriptor stop_;
    std::function<void()> changed_;
    std::thread thread_; // last: it uses the others
};

std::array<std::uint8_t, 4> bytes_of(const sockaddr* address) {
    std::array<std::uint8_t, 4> bytes{};
    if (address != nullptr)
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr,
                    bytes.size());
    return bytes;
}

using IpAddress = std::vector<std::uint8_t>; // 4 or 16 bytes, or none

IpAddress bytes_of_any(const sockaddr* address) {
    if (address == nullptr) return {};
    if (address->sa_family == AF_INET) {
        const auto bytes = bytes_of(address);
        return {bytes.begin(), bytes.end()};
    }
    if (address->sa_family != AF_INET6) return {};
    const auto& bytes = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr.s6_addr;
    return {std::begin(bytes), std::end(bytes)};
}

IpAddress parse(const std::string& text) {
    IpAddress bytes(4);
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(16);
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
    return {};
}

bool shares_network(const IpAddress& wanted, const IpAddress& own, const IpAddress& mask) {
    if (own.size() != wanted.size() || mask.size() != wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if ((wanted[i] & mask[i]) != (own[i] & mask[i])) return false;
    return true;
}

} // namespace

std::vector<Network> networks() {
    constexpr unsigned asked = IFF_UP | IFF_BROADCAST | IFF_LOOPBACK;
    std::vector<Network> found;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return found;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if ((one->ifa_flags & asked) != (IFF_UP | IFF_BROADCAST)) continue;
        if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
        if (one->ifa_broadaddr == nullptr) continue;
        found.push_back({one->ifa_name, bytes_of(one->ifa_addr), bytes_of(one->ifa_netmask),
                         bytes_of(one->ifa_broadaddr)});
    }
    ::freeifaddrs(all);
    return found;
}

bool is_on_link(const std::string& address) {
    const IpAddress wanted = parse(address.substr(0, address.find('%')));
    if (wanted.empty()) return false;
    if (wanted.size() == 16 && wanted[0] == 0xfe && (wanted[1] & 0xc0U) == 0x80) return true;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return false;
    bool found = false;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next)
        found |=
            (one->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP &&
            shares_network(wanted, bytes_of_any(one->ifa_addr), bytes_of_any(one->ifa_netmask));
    ::freeifaddrs(all);
    return found;
}

Result<std::unique_ptr<NetworkWatch>> NetworkWatch::start(std::function<void()> changed) {
    const char* cannot = "Cannot watch the network for changes";
    Descriptor news(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!news.is_open()) return system_failure(errno, cannot);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (::bind(news.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return system_failure(errno, cannot);
    Descriptor alarm(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!alarm.is_open() || !arm(alarm)) return system_failure(errno, cannot);
    Descriptor stop(::eventfd(0, EFD_CLOEXEC));
    if (!stop.is_open()) return system_failure(errno, cannot);
    return std::make_unique<NetlinkWatch>(std::move(news), std::move(alarm), std::move(stop),
                                          std::move(changed));
}

} // namespace envmesh::platform
