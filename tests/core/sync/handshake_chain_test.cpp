// SPDX-License-Identifier: MIT
#include "core/sync/handshake_chain.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::sync {
namespace {

ChainPart part_of(const Bytes& message) { return std::get<ChainPart>(*decode_handshake(message)); }

TEST(HandshakeChain, ALongChainTravelsInParts) {
    mesh::Forge forge;
    for (int i = 0; i < 4; ++i)
        forge.added(mesh::Role::member);
    const Messages whole = chain_parts(forge.chain, 0);
    ASSERT_EQ(whole.size(), 1U);
    PartialChain all(0, 1 << 20);
    EXPECT_TRUE(all.add(part_of(whole[0])));
    EXPECT_TRUE(all.complete());
    EXPECT_EQ(all.build(nullptr)->head(), forge.chain.head());

    PartialChain pieces(0, 1 << 20); // the same in two
    ChainPart first = part_of(whole[0]);
    ChainPart second{2, true, {first.entries.begin() + 2, first.entries.end()}};
    first.entries.resize(2);
    first.last = false;
    EXPECT_TRUE(pieces.add(first));
    EXPECT_FALSE(pieces.complete());
    EXPECT_TRUE(pieces.add(second));
    EXPECT_EQ(pieces.build(nullptr)->head(), forge.chain.head());
}

TEST(HandshakeChain, APartHoldsAtMost256KiB) {
    mesh::Forge forge;
    mesh::Chain chain = forge.chain;
    std::vector<crypto::Identity> devices;
    for (int i = 0; i < 60; ++i)
        devices.push_back(forge.added(mesh::Role::member));
    chain = forge.chain;
    for (int i = 0; i < 40; ++i) // a rotation carries a wrap for each device
        chain = forge.with(chain, forge.admin, forge.rotate_body(chain));
    const Messages parts = chain_parts(chain, 0);
    EXPECT_GT(parts.size(), 1U);
    PartialChain collected(0, 1 << 20);
    for (const Bytes& message : parts) {
        EXPECT_LE(message.size(), most_part_bytes);
        EXPECT_TRUE(collected.add(part_of(message)));
    }
    EXPECT_TRUE(collected.complete());
    EXPECT_EQ(collected.build(nullptr)->head(), chain.head());
}

TEST(HandshakeChain, ContinuesAKnownChainOnly) {
    mesh::Forge forge;
    const mesh::Chain before = forge.chain;
    forge.added(mesh::Role::member);
    PartialChain rest(1, 1 << 20);
    EXPECT_TRUE(rest.add(part_of(chain_parts(forge.chain, 1).front())));
    EXPECT_EQ(rest.build(&before)->head(), forge.chain.head());
    EXPECT_EQ(rest.build(&forge.chain).error().code, Code::corrupt);
    EXPECT_EQ(rest.build(nullptr).error().code, Code::corrupt);
    EXPECT_FALSE(rest.build(&forge.chain));
    EXPECT_TRUE(chain_parts(before, 1).empty());
    EXPECT_TRUE(contains(forge.chain, point_of(before)));
    EXPECT_FALSE(contains(before, point_of(forge.chain)));
}

TEST(HandshakeChain, RefusesPartsOutOfOrderAndTooMuch) {
    PartialChain chain(3, 10);
    EXPECT_EQ(chain.add({4, false, {Bytes(1)}}).error().code, Code::protocol);
    EXPECT_TRUE(chain.add({3, false, {Bytes(5), Bytes(5)}}));
    EXPECT_EQ(chain.add({3, false, {Bytes(1)}}).error().code, Code::protocol);
    EXPECT_EQ(chain.add({5, false, {Bytes(1)}}).error().code, Code::denied);
    PartialChain closed(0, 10);
    EXPECT_TRUE(closed.add({0, true, {Bytes(1)}}));
    EXPECT_EQ(closed.add({1, true, {Bytes(1)}}).error().code, Code::protocol);
}

} // namespace
} // namespace envmesh::sync
