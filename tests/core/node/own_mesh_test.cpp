// SPDX-License-Identifier: MIT
#include "core/node/own_mesh.h"

#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class OwnMeshTest : public tests::NodeTest {
  protected:
    tests::Machine& machine_ = machine();
    std::unique_ptr<Member> member_ = first_member(machine_, "first");
    int applied_ = 0;
    OwnMesh mesh_{*member_, [this](const sync::Delta&) { ++applied_; }};
};

TEST_F(OwnMeshTest, ServesItsOwnMeshAndMakesNoOther) {
    ASSERT_EQ(mesh_.all().size(), 1U);
    EXPECT_EQ(mesh_.find(member_->chain().mesh_id()), mesh_.all().front());
    EXPECT_EQ(&mesh_.all().front()->replica, &member_->replica());
    tests::Machine& elsewhere = machine();
    EXPECT_EQ(mesh_.find(first_member(elsewhere, "other")->chain().mesh_id()), nullptr);
    EXPECT_FALSE(mesh_.may_create(""));
    EXPECT_EQ(mesh_.identity().id(), member_->identity().id()) << "that is what members look for";
}

TEST_F(OwnMeshTest, AGuestWithALongerChainBringsItsNewMembers) {
    tests::Machine& second = machine();
    const auto other = next_member(*member_, second, "second");
    const auto before = member_->chain().height();
    auto longer = other->chain();
    mesh::Keyring keyring = *mesh::open_keyring(longer, member_->identity());
    const crypto::Identity third = crypto::Identity::create(second.random);
    ASSERT_TRUE(longer.add_device(member_->identity(), third.public_identity(), mesh::Role::member,
                                  "third", keyring, 1ULL << 60U, second.random));
    ASSERT_TRUE(mesh_.store(std::move(longer)));
    EXPECT_EQ(mesh_.all().front()->chain.height(), before + 1);
    EXPECT_NE(member_->chain().member(third.id()), nullptr);
}

TEST_F(OwnMeshTest, WhatGuestsBringIsToldToTheOwner) {
    mesh_.applied({});
    EXPECT_EQ(applied_, 1);
}

} // namespace
} // namespace envmesh::node
