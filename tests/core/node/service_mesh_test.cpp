// SPDX-License-Identifier: MIT
#include "tests/support/node_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

class ServiceMeshTest : public tests::NodeTest {};

TEST_F(ServiceMeshTest, AVariableReachesTheOtherMachineAndItsDeletionToo) {
    const Pair pair = two_members();
    set(pair.alice, "KEY", "value");
    ASSERT_TRUE(synced(pair.alice));
    EXPECT_TRUE(eventually([&] { return get(pair.bob, "KEY") == "value"; }));
    ASSERT_TRUE(ask(pair.bob, api::Delete{{"KEY"}, {}}));
    EXPECT_TRUE(eventually([&] { return get(pair.alice, "KEY").empty(); }));
    EXPECT_TRUE(synced(pair.bob));
}

TEST_F(ServiceMeshTest, SyncWithoutAServerSaysAtOnceThatItIsIncomplete) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    set(alice, "KEY", "value");
    const auto reply = ask(alice, api::Sync{25'000});
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->complete);
    EXPECT_EQ(reply->pending, 1U);
    EXPECT_FALSE(reply->reason.empty());
}

TEST_F(ServiceMeshTest, AFullQuotaIsTold) {
    config::Config config = server_config();
    config.quota_cells = 2;
    tests::Machine& server = blind_server(config);
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    for (const char* key : {"ONE", "TWO", "THREE", "FOUR"})
        set(alice, key, "value");
    ASSERT_TRUE(eventually([&] {
        const auto reply = ask(alice, api::Sync{10});
        return reply && reply->reason.find("quota") != std::string::npos;
    }));
    const auto reply = ask(alice, api::Sync{10});
    EXPECT_FALSE(reply->complete);
    EXPECT_GT(reply->pending, 0U);
    EXPECT_EQ(get(alice, "FOUR"), "value") << "here it is kept";
}

TEST_F(ServiceMeshTest, ASyncEndsWhenItsFrontEndLeaves) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    stop(server);
    ASSERT_TRUE(eventually([&] { return ask(alice, api::Status{})->tier == "offline"; }));
    tests::Asked& syncing = begin(alice, api::Sync{25'000});
    settle();
    ASSERT_FALSE(syncing.reply);
    syncing.cancel();
    settle();
    EXPECT_TRUE(syncing.reply);
}

TEST_F(ServiceMeshTest, PeersAndDevicesNameEveryMember) {
    const Pair pair = two_members();
    ASSERT_TRUE(eventually([&] {
        const auto peers = ask(pair.alice, api::Peers{})->peers;
        return peers.size() == 2 && peers[0].online && peers[1].online;
    }));
    const auto listed = ask(pair.alice, api::Peers{});
    for (const auto& peer : listed->peers) {
        EXPECT_EQ(peer.self, peer.name == "alice");
        EXPECT_EQ(peer.role, peer.self ? "admin" : "member");
        EXPECT_TRUE(peer.last_seen_ms);
    }
    const auto devices = ask(pair.bob, api::Devices{})->devices;
    ASSERT_EQ(devices.size(), 2U);
    for (const auto& device : devices) {
        EXPECT_EQ(device.self, device.name == "bob");
        EXPECT_GT(device.added_at_ms, 0);
    }
    stop(pair.bob);
    EXPECT_TRUE(eventually([&] {
        const auto peers = ask(pair.alice, api::Peers{})->peers;
        return std::ranges::count_if(peers, &api::Peers::Peer::online) == 1;
    }));
}

TEST_F(ServiceMeshTest, AServerNamesDevicesByTheirIdsOnly) {
    const Pair pair = two_members();
    const auto peers = ask(pair.server, api::Peers{})->peers;
    ASSERT_EQ(peers.size(), 2U);
    for (const auto& peer : peers) {
        EXPECT_TRUE(peer.name.empty());
        EXPECT_EQ(peer.device.size(), 32U);
        EXPECT_EQ(ask(pair.alice, api::Status{})->mesh.substr(0, 8), peer.mesh);
        EXPECT_TRUE(peer.online);
    }
    EXPECT_EQ(ask(pair.server, api::Status{})->devices, 2U);
    EXPECT_EQ(refusal(pair.server, api::Sync{}), Code::denied);
    EXPECT_EQ(refusal(pair.server, api::Invite{}), Code::denied);
    EXPECT_EQ(refusal(pair.server, join_call("x", "server")), Code::denied);
}

TEST_F(ServiceMeshTest, CallsBelongToTheFrontEndThatBegan) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    tests::Machine& bob = machine();
    init(alice, "alice", &server);
    EXPECT_EQ(refusal(alice, api::InviteWait{}), Code::not_found);
    const std::string code = invite(alice);
    EXPECT_EQ(refusal(alice, api::InviteWait{}, 2), Code::not_found);
    EXPECT_EQ(refusal(alice, api::InviteAnswer{true}, 2), Code::not_found);
    EXPECT_EQ(refusal(alice, api::Invite{}, 2), Code::conflict);
    EXPECT_EQ(refusal(bob, api::JoinWait{}), Code::not_found);
    ASSERT_TRUE(ask(bob, join_call(code, "bob")));
    EXPECT_EQ(refusal(bob, api::JoinWait{}, 2), Code::not_found);
    EXPECT_EQ(refusal(bob, api::JoinConfirm{true}, 2), Code::not_found);
    EXPECT_EQ(refusal(bob, join_call(code, "bob"), 2), Code::conflict);
}

} // namespace
} // namespace envmesh::node
