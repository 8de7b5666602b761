// SPDX-License-Identifier: MIT
#include "core/mesh/chain_keys.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

TEST(ChainKeys, AMemberOpensItsKeysAndEveryName) {
    Forge forge;
    const auto member = forge.added(Role::reader);
    const auto keyring = open_keyring(forge.chain, member);
    ASSERT_TRUE(keyring) << keyring.error().message;
    EXPECT_EQ(keyring->current_epoch(), forge.chain.epoch());
    EXPECT_TRUE(keyring->current_key() == forge.keyring.current_key());
    EXPECT_TRUE(keyring->name_key() == forge.keyring.name_key());
    EXPECT_EQ(open_name(*forge.chain.member(forge.admin.id()), *keyring), "first");
}

TEST(ChainKeys, TheNewestKeyOpensAllEarlierOnes) {
    Forge forge;
    const auto leaving = forge.added(Role::member);
    const Chain removed = forge.with_removed(forge.chain, forge.admin, leaving);
    forge.keyring.add(removed.epoch(), forge.newest.copy());
    forge.keyring.make_current(removed.epoch());
    const Chain rotated = forge.with(removed, forge.admin, forge.rotate_body(removed));
    forge.keyring.add(rotated.epoch(), forge.newest.copy());
    forge.keyring.make_current(rotated.epoch());
    forge.chain = rotated;
    const auto late = forge.added(Role::member);
    for (const auto* self : std::vector<const crypto::Identity*>{&late, &forge.admin}) {
        const auto keyring = open_keyring(forge.chain, *self);
        ASSERT_TRUE(keyring) << keyring.error().message;
        EXPECT_EQ(keyring->current_epoch(), rotated.epoch());
        EXPECT_TRUE(keyring->epoch_keys() == forge.keyring.epoch_keys());
    }
    const auto old = open_keyring(forge.chain, leaving);
    ASSERT_TRUE(old) << old.error().message;
    EXPECT_EQ(old->epoch_keys().size(), 1U);
    EXPECT_EQ(old->current_epoch(), forge.chain.epochs().front());
}

TEST(ChainKeys, AStrangerOrServerHasNone) {
    Forge forge;
    const auto server = forge.added(Role::server);
    EXPECT_EQ(open_keyring(forge.chain, server).error().code, Code::denied);
    EXPECT_EQ(open_keyring(forge.chain, forge.device()).error().code, Code::denied);
}

TEST(ChainKeys, KeysUnlikeThoseOfTheOthersAreRefused) {
    Forge forge;
    const auto victim = forge.device();
    const Key other(Bytes(32, 7));
    const auto opened = [&](Bytes wrap) {
        AddBody add = forge.add_body(victim);
        add.wrap = std::move(wrap);
        return open_keyring(forge.with(forge.chain, forge.admin, add), victim);
    };
    const auto& x_pk = victim.public_identity().x_pk;
    const Key& name_key = forge.keyring.name_key();
    EXPECT_TRUE(opened(wrap_keys(x_pk, name_key, forge.keyring.current_key())));
    EXPECT_EQ(opened(wrap_keys(x_pk, name_key, other)).error().code, Code::corrupt);
    EXPECT_EQ(opened(Bytes(wrap_size, 0)).error().code, Code::corrupt);
}

TEST(ChainKeys, ARotationThatDividesTheMembersIsRefused) {
    Forge forge;
    const Key other(Bytes(32, 7));
    const auto opened = [&forge](RotateBody rotate) {
        return open_keyring(forge.with(forge.chain, forge.admin, std::move(rotate)), forge.admin);
    };
    const auto& x_pk = forge.admin.public_identity().x_pk;
    EXPECT_TRUE(opened(forge.rotate_body(forge.chain)));
    RotateBody name_key = forge.rotate_body(forge.chain);
    name_key.wraps.front().second = wrap_keys(x_pk, other, forge.newest);
    EXPECT_EQ(opened(name_key).error().code, Code::corrupt);
    RotateBody previous = forge.rotate_body(forge.chain);
    previous.previous_key = seal_previous(forge.newest, other, forge.chain.mesh_id(),
                                          forge.chain.epoch(), forge.random);
    EXPECT_EQ(opened(previous).error().code, Code::corrupt);
    previous.previous_key.back() ^= 1;
    EXPECT_EQ(opened(previous).error().code, Code::corrupt);
}

TEST(ChainKeys, ANameIsOfItsDeviceAndFitToPrint) {
    Forge forge;
    const auto device = forge.device();
    const auto name = [&](Bytes sealed) {
        const Member member{device.public_identity(), Role::member, std::move(sealed)};
        const auto opened = open_name(member, forge.keyring);
        return opened ? *opened : std::string(wire_name(opened.error().code));
    };
    const auto sealed = [&](const DeviceId& id, std::string_view text) {
        return seal_name(forge.keyring.name_key(), id, text, forge.random);
    };
    EXPECT_EQ(name(sealed(device.id(), "laptop")), "laptop");
    EXPECT_EQ(name(sealed(forge.admin.id(), "laptop")), "CORRUPT");
    EXPECT_EQ(name(sealed(device.id(), "\x1b[2J")), "CORRUPT");
    EXPECT_EQ(name({}), "CORRUPT");
}

} // namespace
} // namespace envmesh::mesh
