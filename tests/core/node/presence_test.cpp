// SPDX-License-Identifier: MIT
#include "core/node/presence.h"

#include <gtest/gtest.h>

namespace envmesh::node {
namespace {

TEST(Presence, RoundTripsAndRefusesEveryCut) {
    Presences presences;
    presences[mesh::DeviceId{1}] = {true, 1'700'000'000'000};
    presences[mesh::DeviceId{2}] = {false, 0};
    const Bytes message = encode(presences);
    const auto decoded = decode_presence(message);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->size(), 2U);
    EXPECT_TRUE(decoded->at(mesh::DeviceId{1}).online);
    for (std::size_t size = 0; size < message.size(); ++size)
        EXPECT_FALSE(decode_presence(View(message).first(size))) << size;
}

TEST(Presence, RefusesRepeatedDevicesAndTooMany) {
    Writer twice;
    twice.u8(0x30).u16(2);
    for (int i = 0; i < 2; ++i)
        twice.raw(mesh::DeviceId{7}).u8(1).u64(0);
    EXPECT_FALSE(decode_presence(twice.bytes()));
    Writer many;
    many.u8(0x30).u16(0xffff);
    EXPECT_FALSE(decode_presence(many.bytes()));
}

} // namespace
} // namespace envmesh::node
