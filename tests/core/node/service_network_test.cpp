// SPDX-License-Identifier: MIT
#include "tests/support/air.h"
#include "tests/support/node_fixture.h"

#include <gmock/gmock.h>

#include <boost/asio/ip/tcp.hpp>

namespace envmesh::node {
namespace {

class ServiceNetworkTest : public tests::NodeTest {
  protected:
    ~ServiceNetworkTest() override {
        for (tests::Machine* machine : on_the_air_)
            stop(*machine);
    }
    tests::Machine& on_the_lan(const std::string& name) {
        tests::Machine& made = machine();
        on_the_air_.push_back(&made);
        made.context.config.enable_lan = true;
        made.context.config.lan_listen = "127.0.0.1";
        made.context.config.port = 0;
        made.context.vicinity = &air_.join(name);
        return made;
    }
    bool serves(tests::Machine& machine) {
        return eventually([&] { return ask(machine, api::Status{})->serves; });
    }
    bool has_tier(tests::Machine& machine, const std::string& tier) {
        return eventually([&] { return ask(machine, api::Status{})->tier == tier; });
    }
    static bool was_told(const tests::Machine& machine, const std::string& event,
                         const std::string& state) {
        return std::ranges::any_of(machine.events, [&](const api::Event& one) {
            return one.event == event && one.state == state;
        });
    }
    Result<api::Done> reload(tests::Machine& machine, const config::Config& config) {
        machine.context.read_config = [config] { return config; };
        return ask(machine, api::Reload{});
    }

    tests::Air air_;
    std::vector<tests::Machine*> on_the_air_; // to be stopped before it is gone
};

TEST_F(ServiceNetworkTest, AMachineJoinsOverTheLocalNetworkWithoutAnyCloud) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    set(alice, "KEY", "value");
    ASSERT_TRUE(serves(alice));
    tests::Machine& bob = on_the_lan("bob");
    add(alice, bob, "bob");
    EXPECT_EQ(get(bob, "KEY"), "value");
    EXPECT_TRUE(has_tier(bob, "lan"));
    set(bob, "BACK", "too");
    EXPECT_TRUE(eventually([&] { return get(alice, "BACK") == "too"; }));
    EXPECT_TRUE(synced(alice)) << "a server is in step when its guests are";
    EXPECT_TRUE(was_told(alice, "role", "serving"));
    EXPECT_TRUE(was_told(alice, "election", "standing"));
    EXPECT_TRUE(was_told(bob, "link", "lan"));
}

TEST_F(ServiceNetworkTest, AThirdMachineJoinsThroughWhoeverServes) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    ASSERT_TRUE(serves(alice));
    tests::Machine& bob = on_the_lan("bob");
    add(alice, bob, "bob", "admin");
    set(alice, "KEY", "value");
    tests::Machine& carol = on_the_lan("carol");
    add(bob, carol, "carol"); // the mailbox is at alice's
    EXPECT_TRUE(eventually([&] { return get(carol, "KEY") == "value"; }));
}

TEST_F(ServiceNetworkTest, WithoutAnyServerAnInvitationFailsAtOnce) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    const auto invited = ask(alice, api::Invite{});
    ASSERT_FALSE(invited);
    EXPECT_EQ(invited.error().code, Code::unreachable);
    EXPECT_FALSE(invited.error().fix.empty());
}

TEST_F(ServiceNetworkTest, PeersTellHowEachIsReached) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    ASSERT_TRUE(serves(alice));
    tests::Machine& bob = on_the_lan("bob");
    add(alice, bob, "bob");
    const auto seen = [this](tests::Machine& from, const std::string& name) {
        const auto reply = ask(from, api::Peers{});
        for (const api::Peers::Peer& peer : reply->peers)
            if (peer.name == name) return peer;
        return api::Peers::Peer{};
    };
    ASSERT_TRUE(eventually([&] { return seen(bob, "alice").online && seen(alice, "bob").online; }));
    const auto server = seen(bob, "alice");
    EXPECT_TRUE(server.serves);
    EXPECT_EQ(server.link, "lan");
    EXPECT_THAT(server.address, testing::StartsWith("127.0.0.1:"));
    EXPECT_TRUE(server.rtt_ms.has_value());
    EXPECT_FALSE(seen(alice, "bob").serves);
    EXPECT_EQ(seen(alice, "bob").link, "lan");
    EXPECT_TRUE(seen(alice, "alice").serves);
}

TEST_F(ServiceNetworkTest, AProbeTellsWhatCameBackAndWhatBecameOfIt) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    EXPECT_EQ(ask(alice, api::Probe{1})->found.size(), 0U);
    ASSERT_TRUE(serves(alice));
    tests::Machine& bob = on_the_lan("bob");
    add(alice, bob, "bob");
    ASSERT_TRUE(has_tier(bob, "lan"));
    air_.say({"stranger", {"127.0.0.1"}, 1, {{"v", "1"}}, "mdns"});
    const auto probed = ask(bob, api::Probe{1});
    ASSERT_TRUE(probed);
    ASSERT_EQ(probed->interfaces.size(), 1U);
    EXPECT_EQ(probed->interfaces[0].name, "air0");
    ASSERT_EQ(probed->found.size(), 2U);
    EXPECT_EQ(probed->found[0].name, "alice");
    EXPECT_EQ(probed->found[0].state, "connected");
    EXPECT_EQ(probed->found[1].instance, "stranger");
    EXPECT_EQ(probed->found[1].state, "of another mesh, or a clock is days off");
}

TEST_F(ServiceNetworkTest, AProbeOfASwitchedOffNetworkIsRefused) {
    tests::Machine& alice = machine();
    EXPECT_EQ(refusal(alice, api::Probe{}), Code::absent);
    init(alice, "alice");
    EXPECT_EQ(refusal(alice, api::Probe{}), Code::denied);
}

TEST_F(ServiceNetworkTest, TheStatusTellsWhy) {
    tests::Machine& alice = on_the_lan("alice");
    alice.context.config.mode = config::Mode::client_only;
    init(alice, "alice");
    const auto status = ask(alice, api::Status{});
    EXPECT_EQ(status->tier, "offline");
    EXPECT_THAT(status->tier_reason, testing::HasSubstr("no server is configured"));
    EXPECT_THAT(status->tier_reason, testing::HasSubstr("client-only"));
    EXPECT_EQ(status->health, "down");
    EXPECT_EQ(status->election, "idle");
    EXPECT_TRUE(status->tier_since_ms.has_value());
}

TEST_F(ServiceNetworkTest, AnotherConfigurationAppliesAtOnce) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    ASSERT_TRUE(serves(alice));
    config::Config config = alice.context.config;
    config.mode = config::Mode::client_only;
    ASSERT_TRUE(reload(alice, config));
    EXPECT_TRUE(has_tier(alice, "offline"));
    EXPECT_TRUE(air_.said().empty());
    EXPECT_TRUE(was_told(alice, "config", "reloaded"));
}

TEST_F(ServiceNetworkTest, AnAddressThatCannotBeListenedOnIsToldAndPutRight) {
    tests::Machine& alice = on_the_lan("alice");
    alice.context.config.lan_listen = "203.0.113.77";
    init(alice, "alice");
    EXPECT_TRUE(eventually(
        [&] { return ask(alice, api::Status{})->tier_reason.contains("203.0.113.77"); }));
    config::Config config = alice.context.config;
    config.lan_listen = "127.0.0.1";
    ASSERT_TRUE(reload(alice, config));
    EXPECT_TRUE(serves(alice));
}

TEST_F(ServiceNetworkTest, AnInvitationEndsWithTheServerThatCarriesIt) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    ASSERT_TRUE(serves(alice));
    invite(alice);
    config::Config config = alice.context.config;
    config.mode = config::Mode::client_only;
    ASSERT_TRUE(reload(alice, config));
    ASSERT_TRUE(has_tier(alice, "offline"));
    alice.clock.leap(11'000);
    EXPECT_EQ(refusal(alice, api::InviteWait{20'000}), Code::unreachable);
}

TEST_F(ServiceNetworkTest, TheLocalNetworkIsSwitchedOffAndOn) {
    tests::Machine& alice = on_the_lan("alice");
    init(alice, "alice");
    ASSERT_TRUE(serves(alice));
    tests::Machine& bob = on_the_lan("bob");
    add(alice, bob, "bob");
    ASSERT_TRUE(has_tier(bob, "lan"));
    config::Config config = bob.context.config;
    config.enable_lan = false;
    ASSERT_TRUE(reload(bob, config));
    ASSERT_TRUE(has_tier(bob, "offline"));
    set(alice, "MEANWHILE", "1");
    config.enable_lan = true;
    ASSERT_TRUE(reload(bob, config));
    EXPECT_TRUE(eventually([&] { return get(bob, "MEANWHILE") == "1"; }));
}

TEST_F(ServiceNetworkTest, TheCloudIsSwitchedOffAndOn) {
    const Pair pair = two_members();
    ASSERT_TRUE(has_tier(pair.alice, "cloud"));
    config::Config config = pair.alice.context.config;
    config.enable_cloud = false;
    ASSERT_TRUE(reload(pair.alice, config));
    EXPECT_TRUE(has_tier(pair.alice, "offline"));
    config.enable_cloud = true;
    ASSERT_TRUE(reload(pair.alice, config));
    EXPECT_TRUE(has_tier(pair.alice, "cloud"));
}

TEST_F(ServiceNetworkTest, WhatCannotBeReadOrAppliedChangesNothing) {
    const Pair pair = two_members();
    pair.alice.context.read_config = [] { return fail(Code::invalid, "config.toml:1: no"); };
    EXPECT_EQ(refusal(pair.alice, api::Reload{}), Code::invalid);
    EXPECT_EQ(reload(pair.alice, server_config()).error().code, Code::conflict);
    EXPECT_TRUE(pair.alice.context.config.enable_cloud);
    EXPECT_TRUE(has_tier(pair.alice, "cloud"));
}

TEST_F(ServiceNetworkTest, ACloudServerMovesToAnotherPortAndBackWhenThatIsTaken) {
    const Pair pair = two_members();
    config::Config config = pair.server.context.config;
    asio::ip::tcp::acceptor taken(threads_.io, {asio::ip::address_v4::loopback(), 0});
    config.port = taken.local_endpoint().port();
    EXPECT_EQ(reload(pair.server, config).error().code, Code::conflict);
    EXPECT_TRUE(has_tier(pair.alice, "cloud")) << "it serves where it did before";
    taken.close();
    ASSERT_TRUE(reload(pair.server, config));
    EXPECT_EQ(pair.server.service->server()->port(), config.port);
}

} // namespace
} // namespace envmesh::node
