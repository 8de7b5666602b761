// SPDX-License-Identifier: MIT
#include "tests/support/node_fixture.h"

#include "core/node/greeting.h"

namespace envmesh::node {
namespace {

class ServerLinksTest : public tests::NodeTest {
  protected:
    std::unique_ptr<net::Link> dial(const tests::Machine& server, const std::string& path) {
        auto link = run(net::dial(*net::Url::parse(url_of(server)), path, {}));
        if (!link) std::abort();
        return std::move(*link);
    }
    /// A link over which the member has proved itself.
    std::unique_ptr<net::Link> enter(const tests::Machine& server, const Member& member) {
        auto link = dial(server, "/v1/sync");
        link->set_most_bytes(std::size_t{320} * 1024);
        sync::ServerPin pin;
        pin.fingerprint = key_of(server);
        const sync::ClientHandshake::Credentials credentials{
            &member.identity(), member.chain().mesh_id(), &member.chain(), {}};
        sync::ClientHandshake handshake(pin, credentials, link->channel_binding(), random_);
        const auto entered = run(run_handshake(*link, handshake, std::chrono::seconds(30)));
        EXPECT_TRUE(entered) << entered.error().message;
        return link;
    }
    /// Reads until it is closed; a link that stays open is a hang.
    void expect_closed(net::Link& link) {
        while (run(link.receive())) {
        }
    }

    SystemRandom random_;
};

TEST_F(ServerLinksTest, PassesChangesOnWithinAMeshAndNotBeyond) {
    const Pair pair = two_members();
    tests::Machine& zoe = machine();
    init(zoe, "zoe", &pair.server);
    zoe.events.clear();
    set(pair.alice, "KEY", "value");
    ASSERT_TRUE(eventually([&] { return get(pair.bob, "KEY") == "value"; }));
    ASSERT_TRUE(synced(zoe));
    EXPECT_EQ(get(zoe, "KEY"), "");
    EXPECT_EQ(ask(zoe, api::Sync{})->received, 0U);
    EXPECT_EQ(ask(zoe, api::Peers{})->peers.size(), 1U);
    for (const api::Event& event : zoe.events)
        EXPECT_NE(event.event, "variables-changed");
    EXPECT_EQ(ask(pair.server, api::Status{})->devices, 3U);
}

TEST_F(ServerLinksTest, ALongerChainReachesEveryMemberAndAllAreBackAtOnce) {
    const Pair pair = two_members();
    tests::Machine& carol = machine();
    add(pair.alice, carol, "carol");
    ASSERT_TRUE(eventually([&] { return ask(pair.bob, api::Devices{})->devices.size() == 3; }));
    ASSERT_TRUE(connected(pair.alice));
    ASSERT_TRUE(connected(pair.bob));
    set(carol, "KEY", "value");
    EXPECT_TRUE(eventually(
        [&] { return get(pair.alice, "KEY") == "value" && get(pair.bob, "KEY") == "value"; }));
}

TEST_F(ServerLinksTest, AMemberThatWasAwayLearnsOfTheNewOne) {
    const Pair pair = two_members();
    stop(pair.bob);
    tests::Machine& carol = machine();
    add(pair.alice, carol, "carol");
    set(carol, "KEY", "value");
    ASSERT_TRUE(synced(carol));
    start(pair.bob);
    ASSERT_TRUE(ask(pair.bob, api::Unlock{Secret(std::string_view("bob's password"))}));
    EXPECT_TRUE(eventually([&] { return get(pair.bob, "KEY") == "value"; }));
    EXPECT_EQ(ask(pair.bob, api::Devices{})->devices.size(), 3U);
}

TEST_F(ServerLinksTest, EndsALinkThatSaysNothingOrNonsense) {
    tests::Machine& server = blind_server();
    tests::Machine& impatient = blind_server();
    stop(impatient);
    impatient.context.timeouts.establish = std::chrono::milliseconds(300);
    start(impatient);
    auto silent = dial(impatient, "/v1/sync");
    EXPECT_FALSE(run(silent->receive()));
    for (const char* path : {"/v1/sync", "/v1/join"}) {
        auto link = dial(server, path);
        ASSERT_TRUE(run(link->send(Bytes(100, 0xff))));
        EXPECT_FALSE(run(link->receive())) << path;
    }
    EXPECT_EQ(ask(server, api::Status{})->devices, 0U);
}

TEST_F(ServerLinksTest, ADeviceHasTwoLinksAndTheOldestGivesWay) {
    tests::Machine& server = blind_server();
    const auto alice = first_member(machine(), "alice");
    const auto zoe = first_member(machine(), "zoe");
    const auto other = enter(server, *zoe);
    const auto first = enter(server, *alice);
    const auto second = enter(server, *alice);
    const auto third = enter(server, *alice);
    expect_closed(*first);
    const auto fourth = enter(server, *alice);
    expect_closed(*second);
    EXPECT_TRUE(eventually([&] { return ask(server, api::Status{})->devices == 3; }));
    EXPECT_TRUE(run(third->send(sync::encode(sync::Pull{}))));
    EXPECT_TRUE(run(other->send(sync::encode(sync::Pull{}))));
}

TEST_F(ServerLinksTest, AJoinerStaysOnlyWithAnOpenInvitation) {
    tests::Machine& server = blind_server();
    stop(server);
    const auto limit = std::chrono::milliseconds(1000);
    server.context.timeouts.establish = limit;
    start(server);
    tests::Machine& alice = machine();
    tests::Machine& bob = machine();
    init(alice, "alice", &server);
    sync::ServerPin pin;
    pin.fingerprint = key_of(server);
    auto stranger = run(dial_join(alice.context, *net::Url::parse(url_of(server)), pin, {}));
    ASSERT_TRUE(stranger);
    const mesh::MailWrite j1{{1}, mesh::MailSlot::j1, Bytes(100)};
    ASSERT_TRUE(run(stranger->link->send(mesh::encode(j1))));
    EXPECT_TRUE(run(stranger->link->receive())) << "that there is no such invitation";
    const std::string code = invite(alice);
    ASSERT_TRUE(ask(bob, join_call(code, "bob")));
    expect_closed(*stranger->link);
    run(sleep_for(2 * limit));
    ASSERT_TRUE(ask(alice, api::InviteWait{}));
    ASSERT_TRUE(ask(alice, api::InviteAnswer{true}));
    EXPECT_TRUE(eventually([&] { return stage(bob) == "confirm"; }));
}

TEST_F(ServerLinksTest, AJoinerMayOnlySendMail) {
    tests::Machine& server = blind_server();
    sync::ServerPin pin;
    pin.fingerprint = key_of(server);
    auto joined = run(dial_join(server.context, *net::Url::parse(url_of(server)), pin, {}));
    ASSERT_TRUE(joined);
    const auto read = mesh::encode(mesh::MailRead{{}, mesh::MailSlot::a1});
    ASSERT_TRUE(run(joined->link->send(read)));
    const auto answer = run(joined->link->receive());
    ASSERT_TRUE(answer);
    const auto mail = mesh::decode_mail(*answer);
    ASSERT_TRUE(mail);
    EXPECT_EQ(std::get<mesh::MailError>(*mail).code, Code::not_found);
    ASSERT_TRUE(run(joined->link->send(sync::encode(sync::Pull{}))));
    EXPECT_FALSE(run(joined->link->receive()));
}

TEST_F(ServerLinksTest, StopsWithGuestsJoinersAndStrangersOnTheLine) {
    const Pair pair = two_members();
    auto stranger = dial(pair.server, "/v1/sync");
    tests::Machine& carol = machine();
    const std::string code = invite(pair.alice);
    ASSERT_TRUE(ask(carol, join_call(code, "carol")));
    stop(pair.server);
    EXPECT_FALSE(run(stranger->receive()));
    EXPECT_TRUE(eventually([&] { return refusal(carol, api::JoinWait{1}).has_value(); }));
}

} // namespace
} // namespace envmesh::node
