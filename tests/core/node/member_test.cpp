// SPDX-License-Identifier: MIT
#include "core/node/member.h"

#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class MemberTest : public tests::NodeTest {
  protected:
    tests::Machine& home_ = machine();
};

TEST_F(MemberTest, IsTheSameAfterItWasClosed) {
    auto member = first_member(home_, "alice");
    auto other = next_member(*member, machine(), "bob");
    ASSERT_TRUE(member->variables().set(tests::set_call("KEY", "value")));
    ASSERT_TRUE(member->store_server({"wss://example:1", std::string(64, 'a'), "token"}));
    member->contact_now();
    ASSERT_TRUE(member->store_contact());
    const mesh::DeviceId id = member->identity().id();
    const mesh::Hash head = member->chain().head();
    const auto contact = member->last_contact_ms();
    member.reset();

    auto opened = Member::open(home_.context, tests::vault_key());
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ((*opened)->identity().id(), id);
    EXPECT_EQ((*opened)->chain().head(), head);
    EXPECT_EQ((*opened)->name(), "alice");
    EXPECT_EQ((*opened)->name_of(other->identity().id()), "bob");
    EXPECT_EQ((*opened)->server().token, "token");
    EXPECT_EQ((*opened)->last_contact_ms(), contact);
    const auto variable = (*opened)->variables().get({"KEY", {}});
    ASSERT_TRUE(variable);
    EXPECT_EQ(variable->value->reveal_text(), "value");
}

TEST_F(MemberTest, AWrongKeyOpensNothing) {
    first_member(home_, "alice").reset();
    EXPECT_FALSE(Member::open(home_.context, Key(Block<32>{8})));
    EXPECT_TRUE(Member::open(home_.context, tests::vault_key()));
}

TEST_F(MemberTest, ADatabaseWithoutKeysIsToldDamaged) {
    ASSERT_TRUE(storage::Database::open(home_.home.path(database_file),
                                        crypto::database_key(tests::vault_key())));
    const auto opened = Member::open(home_.context, tests::vault_key());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::corrupt);
}

TEST_F(MemberTest, AnOldDatabaseWithoutAVaultIsKeptOutOfTheWay) {
    first_member(home_, "old").reset();
    first_member(home_, "new").reset();
    EXPECT_TRUE(home_.home.has("envmesh.db.unreadable"));
    EXPECT_EQ((*Member::open(home_.context, tests::vault_key()))->name(), "new");
}

TEST_F(MemberTest, PinAndTokenBelongToOneServer) {
    auto member = first_member(home_, "alice");
    const ServerSetting given{"wss://first:1", std::string(64, 'a'), "token"};
    ASSERT_TRUE(member->store_server(given));
    config::Config& config = home_.context.config;
    config.cloud_url = "wss://second:2";
    EXPECT_EQ(member->server().url, "wss://second:2");
    EXPECT_TRUE(member->server().fingerprint.empty()) << "the first server's key for the second";
    EXPECT_TRUE(member->server().token.empty()) << "the first server's token for the second";
    config.cloud_url = given.url;
    EXPECT_EQ(member->server().fingerprint, given.fingerprint);
    EXPECT_EQ(member->server().token, given.token);
    config.cloud_key = std::string(64, 'b');
    EXPECT_EQ(member->server().fingerprint, config.cloud_key);
    config.enable_cloud = false;
    EXPECT_TRUE(member->server().url.empty());
}

TEST_F(MemberTest, ADeviceIsAddedOnce) {
    auto alice = first_member(home_, "alice");
    auto bob = next_member(*alice, machine(), "bob");
    const std::uint32_t height = alice->chain().height();
    const auto again = alice->add_device(bob->identity().public_identity(), mesh::Role::admin, "b");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::conflict);
    EXPECT_EQ(alice->chain().height(), height);
    const auto carol = crypto::Identity::create(home_.random);
    EXPECT_FALSE(bob->add_device(carol.public_identity(), mesh::Role::member, "carol"))
        << "who is no admin adds a device";
}

TEST_F(MemberTest, TheHeadNamesWhatIsHeld) {
    auto member = first_member(home_, "alice");
    ASSERT_TRUE(member->variables().set(tests::set_call("KEY", "value")));
    const auto encoded = member->head();
    ASSERT_TRUE(encoded);
    const auto head = mesh::Head::verify(*encoded, member->chain().mesh_id(),
                                         member->identity().public_identity().ed_pk);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->chain_head, member->chain().head());
    EXPECT_EQ(head->versions, *member->replica().store().versions());
    EXPECT_EQ(head->versions.size(), 1U);
}

} // namespace
} // namespace envmesh::node
