// SPDX-License-Identifier: MIT
#include "core/mesh/chain_rules.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

TEST(ChainRules, HeightPrevAndGenesisHaveTheirPlace) {
    Forge forge;
    Entry draft = forge.entry(forge.chain, forge.admin, forge.add_body(forge.device()));
    EXPECT_EQ(objection(forge.chain, draft), "");
    Entry height = draft;
    height.height = 2;
    EXPECT_EQ(objection(forge.chain, sign_entry(height, forge.chain.mesh_id(), forge.admin)),
              "its height is wrong");
    Entry prev = draft;
    prev.prev = forge.chain.mesh_id();
    EXPECT_EQ(objection(forge.chain, sign_entry(prev, forge.chain.mesh_id(), forge.admin)),
              "it does not follow the entry before it");
    const Entry genesis = forge.entry(forge.chain, forge.admin,
                                      GenesisBody{forge.add_body(forge.device(), Role::admin), {}});
    EXPECT_EQ(objection(forge.chain, genesis), "a chain has one genesis entry, the first");
}

TEST(ChainRules, TheAuthorIsAnAdminAtThatPoint) {
    Forge forge;
    const auto other = forge.added(Role::admin);
    const auto member = forge.added(Role::member);
    const auto by = [&forge](const Chain& on, const crypto::Identity& author) {
        return objection(on, forge.entry(on, author, forge.add_body(forge.device())));
    };
    constexpr std::string_view no_admin = "its author is no admin at that point";
    EXPECT_EQ(by(forge.chain, other), "");
    EXPECT_EQ(by(forge.chain, member), no_admin);
    EXPECT_EQ(by(forge.chain, forge.device()), no_admin);
    EXPECT_EQ(by(forge.with_removed(forge.chain, forge.admin, other), other), no_admin);
    EXPECT_EQ(
        by(forge.with(forge.chain, forge.admin, RoleBody{other.id(), Role::member, 1}), other),
        no_admin);
}

TEST(ChainRules, TheSignatureIsTheAuthorsForThisMesh) {
    Forge forge;
    const auto other = forge.added(Role::admin);
    constexpr std::string_view bad = "its signature does not hold";
    Entry forged = forge.entry(forge.chain, forge.admin, forge.add_body(forge.device()));
    EXPECT_EQ(objection(forge.chain, sign_entry(forged, forge.chain.mesh_id(), other)), bad);
    EXPECT_EQ(objection(forge.chain, sign_entry(forged, MeshId{}, forge.admin)), bad);
}

TEST(ChainRules, AGenesisIsSignedByItsOwnAdmin) {
    Forge forge;
    Entry genesis = forge.chain.entries().front();
    const auto refused = [](const Entry& entry) { return !Chain::verify({entry.encoded}); };
    EXPECT_FALSE(refused(sign_entry(genesis, {}, forge.admin)));
    EXPECT_TRUE(refused(sign_entry(genesis, {}, forge.device())));
    Entry author = genesis;
    author.author = forge.device().id();
    EXPECT_TRUE(refused(sign_entry(author, {}, forge.admin)));
    Entry role = genesis;
    std::get<GenesisBody>(role.body).admin.role = Role::member;
    EXPECT_TRUE(refused(sign_entry(role, {}, forge.admin)));
    Entry height = genesis;
    height.height = 1;
    EXPECT_TRUE(refused(sign_entry(height, {}, forge.admin)));
    Entry prev = genesis;
    prev.prev[0] = 1;
    EXPECT_TRUE(refused(sign_entry(prev, {}, forge.admin)));
}

TEST(ChainRules, ADeviceIsAddedOnce) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const auto adding = [&forge](const Chain& on, AddBody body) {
        return objection(on, forge.entry(on, forge.admin, std::move(body)));
    };
    EXPECT_EQ(adding(forge.chain, forge.add_body(member)),
              "it adds a device that is a member already");
    EXPECT_EQ(adding(forge.with_removed(forge.chain, forge.admin, member), forge.add_body(member)),
              "it adds a device that was removed");
    AddBody same_signer = forge.add_body(forge.device());
    same_signer.device.ed_pk = member.public_identity().ed_pk;
    EXPECT_EQ(adding(forge.chain, same_signer), "it adds a device with a key of another one");
    AddBody same_box = forge.add_body(forge.device());
    same_box.device.x_pk = member.public_identity().x_pk;
    EXPECT_EQ(adding(forge.chain, same_box), "it adds a device with a key of another one");
}

TEST(ChainRules, AMeshHas256Devices) {
    Forge forge;
    AddBody body = forge.add_body(forge.device());
    for (std::size_t count = 1; count < Chain::most_members; ++count) {
        forge.random.fill(body.device.ed_pk);
        forge.random.fill(body.device.x_pk);
        forge.chain = forge.with(forge.chain, forge.admin, body);
    }
    const Entry one_more = forge.entry(forge.chain, forge.admin, forge.add_body(forge.device()));
    EXPECT_EQ(objection(forge.chain, one_more), "the mesh has as many devices as it may");
    RotateBody largest = forge.rotate_body(forge.chain);
    EXPECT_EQ(objection(forge.chain, forge.entry(forge.chain, forge.admin, largest)), "");
}

TEST(ChainRules, RemovalNamesAMemberAndLeavesAnAdmin) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const auto removing = [&forge](const Chain& on, const DeviceId& device) {
        const RemoveBody body{device, 1, forge.rotate_body(on, device)};
        return objection(on, forge.entry(on, forge.admin, body));
    };
    EXPECT_EQ(removing(forge.chain, member.id()), "");
    EXPECT_EQ(removing(forge.chain, forge.device().id()), "it removes a device that is no member");
    EXPECT_EQ(removing(forge.with_removed(forge.chain, forge.admin, member), member.id()),
              "it removes a device that is no member");
    EXPECT_EQ(removing(forge.chain, forge.admin.id()), "it removes the last admin");
}

TEST(ChainRules, RotationHasKeysForExactlyTheRemainingDevices) {
    Forge forge;
    const auto member = forge.added(Role::member);
    forge.added(Role::server);
    constexpr std::string_view inexact = "its keys are not for exactly the remaining devices";
    const auto judge = [&forge](Body body) {
        return objection(forge.chain, forge.entry(forge.chain, forge.admin, std::move(body)));
    };
    const RotateBody all = forge.rotate_body(forge.chain);
    EXPECT_EQ(judge(all), "");
    RotateBody fewer = all;
    fewer.wraps.pop_back();
    EXPECT_EQ(judge(fewer), inexact);
    EXPECT_EQ(judge(RemoveBody{member.id(), 1, all}), inexact); // the removed one gets the key
    EXPECT_EQ(judge(forge.rotate_body(forge.chain, forge.admin.id())), inexact);
}

TEST(ChainRules, RoleChangesAreRealAndLeaveAnAdmin) {
    Forge forge;
    const auto member = forge.added(Role::member);
    const auto server = forge.added(Role::server);
    const auto judge = [&forge](const DeviceId& device, Role role) {
        return objection(forge.chain,
                         forge.entry(forge.chain, forge.admin, RoleBody{device, role, 1}));
    };
    EXPECT_EQ(judge(member.id(), Role::admin), "");
    EXPECT_NE(judge(member.id(), Role::member), "");
    EXPECT_NE(judge(member.id(), Role::server), "");
    EXPECT_NE(judge(server.id(), Role::admin), ""); // it has no keys
    EXPECT_NE(judge(forge.device().id(), Role::admin), "");
    EXPECT_EQ(judge(forge.admin.id(), Role::reader), "it takes the role of the last admin");
}

TEST(ChainRules, AnEpochNumberIsUsedOnce) {
    EXPECT_TRUE(collides({1, 2, 3}, 2));
    EXPECT_FALSE(collides({1, 2, 3}, 4));
}

} // namespace
} // namespace envmesh::mesh
