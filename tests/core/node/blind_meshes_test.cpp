// SPDX-License-Identifier: MIT
#include "core/node/blind_meshes.h"

#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class BlindMeshesTest : public tests::NodeTest {
  protected:
    std::unique_ptr<BlindMeshes> open(const std::string& token = "token") {
        auto opened = BlindMeshes::open(host_.context, tests::vault_key(), token);
        EXPECT_TRUE(opened);
        return opened ? std::move(*opened) : nullptr;
    }
    mesh::Chain new_chain() { return first_member(machine(), "founder")->chain(); }

    tests::Machine& host_ = machine();
};

TEST_F(BlindMeshesTest, IdentityAndMeshesOutliveARestart) {
    const mesh::Chain chain = new_chain();
    auto meshes = open();
    const auto id = meshes->identity().id();
    EXPECT_EQ(meshes->find(chain.mesh_id()), nullptr);
    ASSERT_TRUE(meshes->store(chain));
    meshes.reset();
    meshes = open();
    EXPECT_EQ(meshes->identity().id(), id);
    ASSERT_EQ(meshes->all().size(), 1U);
    ASSERT_NE(meshes->find(chain.mesh_id()), nullptr);
    EXPECT_EQ(meshes->find(chain.mesh_id())->chain.head(), chain.head());
}

TEST_F(BlindMeshesTest, AnotherKeyDoesNotOpenItsDatabase) {
    open().reset();
    EXPECT_FALSE(BlindMeshes::open(host_.context, Key(Block<32>{9}), {}));
}

TEST_F(BlindMeshesTest, WhoMayMakeAMeshIsTheOwnersChoice) {
    using config::NewMeshes;
    config::Config& config = host_.context.config;
    const auto meshes = open("right");
    const auto allowed = [&](NewMeshes policy, const std::string& listen) {
        config.new_meshes = policy;
        config.listen = listen;
        return std::pair(meshes->may_create(""), meshes->may_create("right"));
    };
    EXPECT_EQ(allowed(NewMeshes::open, "0.0.0.0"), std::pair(true, true));
    EXPECT_EQ(allowed(NewMeshes::token, "127.0.0.1"), std::pair(false, true));
    EXPECT_EQ(allowed(NewMeshes::closed, "127.0.0.1"), std::pair(false, false));
    EXPECT_EQ(allowed(NewMeshes::by_listener, "127.0.0.1"), std::pair(true, true));
    EXPECT_EQ(allowed(NewMeshes::by_listener, "0.0.0.0"), std::pair(false, true));
    EXPECT_FALSE(meshes->may_create("wrong"));
}

TEST_F(BlindMeshesTest, LimitsAreOfTheOwner) {
    const mesh::Chain first = new_chain();
    const auto meshes = open();
    host_.context.config.max_meshes = 1;
    EXPECT_FALSE(meshes->objection(first));
    ASSERT_TRUE(meshes->store(first));
    EXPECT_FALSE(meshes->objection(first)) << "it is here already";
    EXPECT_TRUE(meshes->objection(new_chain()));
    host_.context.config.quota_bytes = 10;
    EXPECT_TRUE(meshes->objection(first)) << "the list of members counts";
    EXPECT_EQ(meshes->limits(*meshes->all().front()).quota_bytes, 1U) << "0 would be no limit";
}

} // namespace
} // namespace envmesh::node
