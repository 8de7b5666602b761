// SPDX-License-Identifier: MIT
#include "platform/network.h"

#include "platform/linux/descriptor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <future>

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr int not_possible_here = 77;

int status_of(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool has_network_of_its_own() {
    return ::unshare(CLONE_NEWNET) == 0 || // as root
           ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

TEST(Networks, HaveAnAddressAndABroadcastThatMatch) {
    for (const Network& network : networks()) {
        EXPECT_NE(network.interface, "lo");
        for (std::size_t i = 0; i < 4; ++i)
            EXPECT_EQ(network.broadcast[i] & network.mask[i], network.address[i] & network.mask[i]);
    }
}

TEST(OnLink, IsWhatAnInterfaceHasANetworkFor) {
    for (const Network& network : networks()) {
        const auto& [a, b, c, d] = network.address;
        char text[16];
        std::snprintf(text, sizeof text, "%d.%d.%d.%d", a, b, c, d);
        EXPECT_TRUE(is_on_link(text));
    }
    EXPECT_TRUE(is_on_link("fe80::1%eth0"));
    EXPECT_TRUE(is_on_link("febf::1"));
    for (const char* foreign :
         {"203.0.113.1", "2001:db8::1", "127.0.0.1", "::1", "", "host", "1.2.3"})
        EXPECT_FALSE(is_on_link(foreign)) << foreign;
}

int see_no_network() {
    return has_network_of_its_own() ? int(!networks().empty()) : not_possible_here;
}

TEST(Networks, AreNoneWhereThereIsOnlyLoopback) {
    const int status = status_of(see_no_network);
    if (status == not_possible_here) GTEST_SKIP() << "no right to make a network of its own here";
    EXPECT_EQ(status, 0);
}

TEST(NetworkWatch, EndsWhenItsOwnerDoes) {
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(NetworkWatch::start([] {}));
}

// In a network of its own, where it may switch the loopback interface on.
int watch_an_interface_come_up() {
    if (!has_network_of_its_own()) return not_possible_here;
    std::promise<void> changed;
    bool told = false;
    const auto watch = NetworkWatch::start([&] {
        if (!std::exchange(told, true)) changed.set_value();
    });
    if (!watch) return 1;
    const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP;
    if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return not_possible_here;
    const auto waited = changed.get_future().wait_for(std::chrono::seconds(20));
    return waited == std::future_status::ready ? 0 : 2;
}

TEST(NetworkWatch, TellsThatAnInterfaceCameUp) {
    const int status = status_of(watch_an_interface_come_up);
    if (status == not_possible_here) GTEST_SKIP() << "no right to make a network of its own here";
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace envmesh::platform
