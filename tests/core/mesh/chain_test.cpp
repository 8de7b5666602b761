// SPDX-License-Identifier: MIT
#include "core/mesh/chain.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

TEST(Chain, VerifiesWholeFromTheGenesisOn) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const auto reader = forge.added(Role::reader);
    const auto server = forge.added(Role::server);
    const auto verified = Chain::verify(encoded(forge.chain));
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->mesh_id(), forge.chain.mesh_id());
    EXPECT_EQ(verified->head(), forge.chain.head());
    EXPECT_EQ(verified->epoch(), forge.keyring.current_epoch());
    EXPECT_EQ(verified->height(), 3U);
    EXPECT_EQ(verified->current_members(), 3U);
    EXPECT_TRUE(verified->may_write(forge.admin.id()));
    EXPECT_TRUE(verified->may_write(member.id()));
    EXPECT_FALSE(verified->may_write(reader.id()));
    EXPECT_FALSE(verified->may_write(server.id()));
    EXPECT_FALSE(verified->may_write(forge.device().id()));
    EXPECT_EQ(verified->member(reader.id())->added_at, 2U);
}

TEST(Chain, MeshIdIsTheHashOfTheGenesisWithoutItsSignature) {
    Forge forge;
    const Bytes& genesis = forge.chain.entries().front().encoded;
    EXPECT_EQ(forge.chain.mesh_id(), crypto::hash256({View(genesis).first(genesis.size() - 64)}));
    EXPECT_EQ(forge.chain.head(), crypto::hash256({genesis}));
}

TEST(Chain, AnyChangedByteOfAnyEntryIsRefusedAndNamed) {
    Forge forge;
    forge.added(Role::member);
    const std::vector<Bytes> good = encoded(forge.chain);
    for (std::size_t height = 0; height < good.size(); ++height)
        for (std::size_t at = 0; at < good[height].size(); ++at) {
            std::vector<Bytes> bad = good;
            bad[height][at] ^= 0x80;
            const auto verified = Chain::verify(bad);
            ASSERT_FALSE(verified) << height << ' ' << at;
            // A byte of the head entry's signature can only be noticed there.
            const std::string name = "Entry " + std::to_string(height) + " of";
            EXPECT_TRUE(verified.error().message.starts_with(name)) << verified.error().message;
        }
}

TEST(Chain, RefusesOrderAndExtentThatAreNotAChain) {
    Forge forge;
    forge.added(Role::member);
    forge.added(Role::member);
    const std::vector<Bytes> good = encoded(forge.chain);
    EXPECT_FALSE(Chain::verify({}));
    EXPECT_FALSE(Chain::verify({Bytes{}}));
    EXPECT_FALSE(Chain::verify({good[1], good[2]}));
    EXPECT_FALSE(Chain::verify({good[0], good[2]}));
    EXPECT_FALSE(Chain::verify({good[0], good[0]}));
    EXPECT_FALSE(Chain::verify({good[0], good[1], good[1]}));
}

TEST(Chain, ARefusedEntryChangesNothing) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const Hash head = forge.chain.head();
    const Entry stranger = forge.entry(forge.chain, member, forge.add_body(forge.device()));
    const auto refused = forge.chain.append(View(stranger.encoded));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::corrupt);
    EXPECT_FALSE(refused.error().fix.empty());
    EXPECT_EQ(forge.chain.head(), head);
    EXPECT_EQ(forge.chain.members().size(), 2U);
}

TEST(Chain, RemovalEndsTheRightToWriteAndBeginsAnEpoch) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const Chain after = forge.with_removed(forge.chain, forge.admin, member);
    EXPECT_FALSE(after.may_write(member.id()));
    EXPECT_EQ(after.current_members(), 1U);
    ASSERT_NE(after.member(member.id()), nullptr);
    EXPECT_TRUE(after.member(member.id())->removed);
    EXPECT_EQ(after.member(member.id())->removed_until, 9U);
    EXPECT_EQ(after.member(member.id())->removed_by, forge.admin.id());
    EXPECT_EQ(after.epochs().size(), 2U);
    EXPECT_EQ(after.epoch(), epoch_of(after.entries().back()));
    EXPECT_TRUE(Chain::verify(encoded(after)));
}

TEST(Chain, RolesChangeWhoMayWriteAndWhoMayAdd) {
    Forge forge;
    const auto other = forge.added(Role::member);
    const Chain reader =
        forge.with(forge.chain, forge.admin, RoleBody{other.id(), Role::reader, 7});
    EXPECT_FALSE(reader.may_write(other.id()));
    EXPECT_EQ(reader.member(other.id())->removed_until, 7U);
    const Chain admin = forge.with(reader, forge.admin, RoleBody{other.id(), Role::admin, 0});
    EXPECT_TRUE(admin.may_write(other.id()));
    EXPECT_EQ(admin.member(other.id())->removed_until, 0U);
    EXPECT_EQ(forge.with_added(admin, other).current_members(), 3U);
    EXPECT_EQ(admin.epochs().size(), 1U);
}

TEST(Chain, AddDeviceSaysWhyItCannot) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const auto device = forge.device();
    const auto add = [&](const crypto::Identity& by, const crypto::Identity& whom,
                         std::string_view name, const Keyring& keyring) {
        const auto added = forge.chain.add_device(by, whom.public_identity(), Role::member, name,
                                                  keyring, 4, forge.random);
        return added ? std::optional<Code>() : added.error().code;
    };
    const Keyring empty = Keyring::create(forge.random);
    EXPECT_EQ(add(member, device, "x", forge.keyring), Code::denied);
    EXPECT_EQ(add(forge.admin, member, "x", forge.keyring), Code::conflict);
    EXPECT_EQ(add(forge.admin, device, "a\x1b[2Jb", forge.keyring), Code::invalid);
    EXPECT_EQ(add(forge.admin, device, std::string(65, 'x'), forge.keyring), Code::invalid);
    EXPECT_EQ(add(forge.admin, device, "x", empty), Code::incomplete);
    EXPECT_EQ(add(forge.admin, device, "x", forge.keyring), std::nullopt);
    EXPECT_EQ(forge.chain.height(), 2U);
}

} // namespace
} // namespace envmesh::mesh
