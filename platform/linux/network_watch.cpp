// SPDX-License-Identifier: MIT
#include "platform/linux/descriptor.h"
#include "platform/process.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <thread>

#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::uint32_t groups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

class NetlinkWatch final : public NetworkWatch {
  public:
    NetlinkWatch(Descriptor news, Descriptor stop, std::function<void()> changed)
        : news_(std::move(news)), stop_(std::move(stop)), changed_(std::move(changed)),
          thread_([this] { run(); }) {}
    NetlinkWatch(const NetlinkWatch&) = delete;
    NetlinkWatch& operator=(const NetlinkWatch&) = delete;
    ~NetlinkWatch() override {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }

  private:
    void run() {
        for (;;) {
            std::array<pollfd, 2> both{pollfd{stop_.get(), POLLIN, 0},
                                       pollfd{news_.get(), POLLIN, 0}};
            if (::poll(both.data(), both.size(), -1) < 0) continue;
            if (both[0].revents != 0) return;
            drain();
            changed_();
        }
    }

    // What changed is of no interest, only that something did. An overrun (ENOBUFS) is news too.
    void drain() {
        std::array<char, 8192> message{};
        while (::recv(news_.get(), message.data(), message.size(), MSG_DONTWAIT) > 0) {
        }
    }

    Descriptor news_;
    Descriptor stop_;
    std::function<void()> changed_;
    std::thread thread_; // last: it uses the others
};

} // namespace

Result<std::unique_ptr<NetworkWatch>> NetworkWatch::start(std::function<void()> changed) {
    const char* cannot = "Cannot watch the network for changes";
    Descriptor news(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!news.is_open()) return system_failure(errno, cannot);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (::bind(news.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return system_failure(errno, cannot);
    Descriptor stop(::eventfd(0, EFD_CLOEXEC));
    if (!stop.is_open()) return system_failure(errno, cannot);
    return std::make_unique<NetlinkWatch>(std::move(news), std::move(stop), std::move(changed));
}

} // namespace envmesh::platform
