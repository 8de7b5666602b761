// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_log.h"

#include <gtest/gtest.h>

namespace envmesh::platform {
namespace {

TEST(DiscoveryLog, AddressesAreLeftOutAndNamesStay) {
    EXPECT_EQ(without_addresses("from host 192.168.1.5 on interface 'eth0.0'"),
              "from host (address) on interface 'eth0.0'");
    EXPECT_EQ(without_addresses("[a.local IN AAAA fe80::1 ; ttl=120] ::1"),
              "[a.local IN AAAA (address) ; ttl=120] (address)");
    EXPECT_EQ(without_addresses("fe80::1%eth0, 12:30 1.5"), "(address), 12:30 1.5");
}

} // namespace
} // namespace envmesh::platform
