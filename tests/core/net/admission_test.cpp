// SPDX-License-Identifier: MIT
#include "core/net/admission.h"

#include <gtest/gtest.h>

namespace envmesh::net {
namespace {

using std::chrono::seconds;

TEST(Admission, LimitsTheUnauthenticatedOfOneAddress) {
    Admission admission({100, 2, 10, 9});
    const Admission::Time now{};
    const auto first = admission.enter("192.0.2.1", now);
    const auto second = admission.enter("192.0.2.1", now);
    EXPECT_NE(first, 0U);
    EXPECT_NE(first, second);
    EXPECT_EQ(admission.enter("192.0.2.1", now), 0U);
    EXPECT_NE(admission.enter("192.0.2.2", now), 0U);
    EXPECT_TRUE(admission.authenticated(first, "mesh"));
    EXPECT_TRUE(admission.authenticated(first, "mesh"));
    EXPECT_NE(admission.enter("192.0.2.1", now), 0U);
    EXPECT_EQ(admission.enter("192.0.2.1", now), 0U);
    admission.leave(first); // does not count twice
    EXPECT_EQ(admission.enter("192.0.2.1", now), 0U);
    admission.leave(second);
    EXPECT_NE(admission.enter("192.0.2.1", now), 0U);
}

TEST(Admission, LimitsAllConnections) {
    Admission admission({2, 32, 10, 9});
    const Admission::Time now{};
    EXPECT_TRUE(admission.authenticated(admission.enter("192.0.2.1", now), "mesh"));
    const auto second = admission.enter("192.0.2.2", now);
    EXPECT_EQ(admission.enter("192.0.2.3", now), 0U);
    admission.leave(second);
    EXPECT_EQ(admission.connections(), 1U);
    EXPECT_NE(admission.enter("192.0.2.3", now), 0U);
}

TEST(Admission, KeepsHalfForTheAuthenticated) {
    Admission admission({4, 32, 10, 9});
    const auto first = admission.enter("192.0.2.1", {});
    const auto second = admission.enter("192.0.2.2", {});
    EXPECT_EQ(admission.enter("192.0.2.3", {}), 0U) << "two places are empty";
    EXPECT_TRUE(admission.authenticated(first, "mesh"));
    const auto third = admission.enter("192.0.2.3", {});
    EXPECT_NE(third, 0U);
    EXPECT_EQ(admission.enter("192.0.2.4", {}), 0U);
    admission.leave(second);
    EXPECT_TRUE(admission.authenticated(third, "mesh"));
    EXPECT_NE(admission.enter("192.0.2.4", {}), 0U);
}

TEST(Admission, LimitsTheConnectionsOfOneGroup) {
    Admission admission({100, 32, 10, 2});
    const auto enter = [&admission] { return admission.enter("192.0.2.1", {}); };
    const auto first = enter();
    EXPECT_TRUE(admission.authenticated(first, "mesh"));
    EXPECT_TRUE(admission.authenticated(enter(), "mesh"));
    const auto third = enter();
    EXPECT_FALSE(admission.authenticated(third, "mesh"));
    EXPECT_TRUE(admission.authenticated(enter(), "another"));
    admission.leave(first);
    EXPECT_TRUE(admission.authenticated(third, "mesh"));
    EXPECT_FALSE(admission.authenticated(enter(), "mesh"));
}

TEST(Admission, FailuresShutAnAddressOutForAMinute) {
    Admission admission({100, 32, 3, 9});
    Admission::Time now{};
    for (int i = 0; i < 3; ++i) {
        const auto id = admission.enter("192.0.2.1", now);
        ASSERT_NE(id, 0U);
        admission.failed(id, now);
        admission.leave(id);
        now += seconds(10);
    }
    EXPECT_EQ(admission.enter("192.0.2.1", now), 0U);
    EXPECT_NE(admission.enter("192.0.2.2", now), 0U);
    now += seconds(29);
    EXPECT_EQ(admission.enter("192.0.2.1", now), 0U);
    now += seconds(1);
    EXPECT_NE(admission.enter("192.0.2.1", now), 0U);
}

TEST(Admission, CountsAnIpv6NetworkAsOneAddress) {
    EXPECT_EQ(counted_part("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_EQ(counted_part("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(counted_part("fe80::1%eth0"), "fe80::1") << "a whole local network has one /64";
    Admission admission({100, 1, 10, 9});
    EXPECT_NE(admission.enter("2001:db8::1", {}), 0U);
    EXPECT_EQ(admission.enter("2001:db8::2", {}), 0U);
}

TEST(Admission, ATicketGivesItsPlaceBackOnce) {
    Admission admission({100, 32, 10, 9});
    {
        Ticket ticket(admission, admission.enter("192.0.2.1", {}));
        const Ticket moved(std::move(ticket));
        EXPECT_EQ(admission.connections(), 1U);
    }
    EXPECT_EQ(admission.connections(), 0U);
}

} // namespace
} // namespace envmesh::net
