// SPDX-License-Identifier: MIT
#include "core/node/service.h"

#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class ServiceTest : public tests::NodeTest {
  protected:
    static api::Init init_call(const std::string& name, const std::string& password) {
        api::Init call;
        call.name = name;
        call.password = Secret(password);
        return call;
    }
    static api::Unlock unlock_call(const std::string& password) { return {Secret(password)}; }
    std::string state(tests::Machine& machine) { return ask(machine, api::Status{})->state; }
};

TEST_F(ServiceTest, WithoutAVaultEveryCallSaysSo) {
    tests::Machine& alice = machine();
    EXPECT_EQ(state(alice), "absent");
    EXPECT_EQ(refusal(alice, api::Get{"KEY", {}}), Code::absent);
    EXPECT_EQ(refusal(alice, api::Sync{}), Code::absent);
    EXPECT_EQ(refusal(alice, api::Invite{}), Code::absent);
    EXPECT_EQ(refusal(alice, unlock_call("x")), Code::absent);
    EXPECT_EQ(refusal(alice, api::Lock{}), std::nullopt);
}

TEST_F(ServiceTest, AVaultIsMadeOnce) {
    tests::Machine& alice = machine();
    tests::Asked& first = begin(alice, init_call("alice", "a"));
    tests::Asked& second = begin(alice, init_call("other", "b"), 2);
    EXPECT_TRUE(finish(first));
    EXPECT_EQ(finish(second).error().code, Code::conflict);
    EXPECT_EQ(refusal(alice, init_call("again", "c")), Code::denied);
    EXPECT_EQ(refusal(alice, join_call("any", "again")), Code::denied);
    EXPECT_EQ(ask(alice, api::Status{})->name, "alice");
}

TEST_F(ServiceTest, BadInputMakesNothing) {
    tests::Machine& alice = machine();
    for (const std::string& name :
         {std::string(), std::string(65, 'a'), std::string("a\nb"), std::string("\xff")})
        EXPECT_EQ(refusal(alice, init_call(name, "password")), Code::invalid) << name;
    EXPECT_EQ(refusal(alice, init_call("alice", "")), Code::invalid);
    api::Init call = init_call("alice", "a");
    call.server = "ws://127.0.0.1:1";
    EXPECT_EQ(refusal(alice, std::move(call)), Code::invalid);
    EXPECT_EQ(state(alice), "absent");
    EXPECT_FALSE(alice.home.has(vault_file));
    EXPECT_FALSE(alice.home.has(database_file));
}

TEST_F(ServiceTest, AWrongServerKeyIsRefusedAndNothingStored) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    api::Init call = init_call("alice", "a");
    call.server = url_of(server);
    call.server_key = std::string(64, 'a');
    EXPECT_EQ(refusal(alice, std::move(call)), Code::denied);
    EXPECT_EQ(state(alice), "absent");
    EXPECT_FALSE(alice.home.has(vault_file));
    EXPECT_FALSE(alice.home.has(database_file));
    EXPECT_EQ(ask(alice, api::ProbeServer{url_of(server)})->server_key, key_of(server));
}

TEST_F(ServiceTest, UnlockLooksAtThePasswordOfAnOpenVaultToo) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    EXPECT_TRUE(ask(alice, unlock_call("alice's password")));
    EXPECT_EQ(refusal(alice, unlock_call("another")), Code::wrong_secret);
    EXPECT_EQ(refusal(alice, unlock_call("alice's password")), Code::wrong_secret) << "too soon";
    EXPECT_EQ(state(alice), "unlocked");
    alice.clock.leap(1001);
    EXPECT_TRUE(ask(alice, unlock_call("alice's password")));
}

TEST_F(ServiceTest, LockedIsLockedAndUnlockBringsAllBack) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    set(alice, "KEY", "value");
    ASSERT_TRUE(ask(alice, api::Lock{}));
    EXPECT_EQ(state(alice), "locked");
    EXPECT_TRUE(ask(alice, api::Status{})->name.empty());
    EXPECT_EQ(refusal(alice, api::Get{"KEY", {}}), Code::locked);
    EXPECT_EQ(refusal(alice, tests::set_call("KEY", "other")), Code::locked);
    EXPECT_EQ(refusal(alice, api::Delete{{"KEY"}, {}}), Code::locked);
    EXPECT_EQ(refusal(alice, api::List{}), Code::locked);
    EXPECT_EQ(refusal(alice, api::Export{}), Code::locked);
    EXPECT_EQ(refusal(alice, api::Sync{}), Code::locked);
    EXPECT_EQ(refusal(alice, api::Peers{}), Code::locked);
    EXPECT_EQ(refusal(alice, api::Devices{}), Code::locked);
    EXPECT_EQ(refusal(alice, api::Invite{}), Code::locked);
    alice.service->tick();
    alice.service->network_changed();
    ASSERT_TRUE(ask(alice, unlock_call("alice's password")));
    EXPECT_EQ(get(alice, "KEY"), "value");
    EXPECT_EQ(state(alice), "unlocked");
}

TEST_F(ServiceTest, IsLockedAfterARestart) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    stop(alice);
    start(alice);
    EXPECT_EQ(state(alice), "locked");
    EXPECT_TRUE(ask(alice, unlock_call("alice's password")));
}

TEST_F(ServiceTest, AWrongPasswordMustBeWaitedFor) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    ASSERT_TRUE(ask(alice, api::Lock{}));
    EXPECT_EQ(refusal(alice, unlock_call("wrong")), Code::wrong_secret);
    const auto too_soon = ask(alice, unlock_call("alice's password"));
    ASSERT_FALSE(too_soon);
    EXPECT_EQ(too_soon.error().code, Code::wrong_secret);
    EXPECT_NE(too_soon.error().fix.find("1 s"), std::string::npos);
    alice.clock.leap(1'000);
    EXPECT_EQ(refusal(alice, unlock_call("wrong")), Code::wrong_secret);
    alice.clock.leap(1'000); // the second time it is two
    EXPECT_EQ(refusal(alice, unlock_call("alice's password")), Code::wrong_secret);
    alice.clock.leap(1'000);
    EXPECT_TRUE(ask(alice, unlock_call("alice's password")));
}

TEST_F(ServiceTest, LockEndsTheCallsThatWait) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    invite(alice);
    tests::Asked& waiting = begin(alice, api::InviteWait{});
    stop(server);
    tests::Asked& syncing = begin(alice, api::Sync{25'000});
    settle();
    EXPECT_FALSE(waiting.reply || syncing.reply);
    ASSERT_TRUE(ask(alice, api::Lock{}));
    EXPECT_EQ(finish(syncing).error().code, Code::locked);
    EXPECT_EQ(finish(waiting).error().code, Code::denied);
}

TEST_F(ServiceTest, ALockWhoseFrontEndLeavesIsDoneNevertheless) {
    tests::Machine& server = blind_server();
    tests::Machine& alice = machine();
    init(alice, "alice", &server);
    tests::Asked& locking = begin(alice, api::Lock{});
    threads_.io.poll_one();
    EXPECT_FALSE(locking.reply);
    locking.cancel();
    EXPECT_TRUE(finish(locking));
    EXPECT_EQ(state(alice), "locked");
    EXPECT_TRUE(ask(alice, unlock_call("alice's password")));
}

TEST_F(ServiceTest, AnInitWhoseFrontEndLeavesCanBeAskedAgain) {
    tests::Machine& server = blind_server();
    for (int steps = 1; steps <= 60; steps += 3) {
        tests::Machine& alice = machine();
        api::Init call = init_call("alice", "a");
        call.server = url_of(server);
        call.server_key = key_of(server);
        tests::Asked& asked = begin(alice, std::move(call));
        for (int i = 0; i < steps && !asked.reply; ++i)
            threads_.io.run_one_for(std::chrono::seconds(1));
        asked.cancel();
        const bool made = finish(asked).has_value();
        EXPECT_EQ(refusal(alice, init_call("alice", "a")),
                  made ? std::optional(Code::denied) : std::nullopt)
            << steps;
        stop(alice);
    }
}

TEST_F(ServiceTest, StopsWhileAnUnlockIsUnderWay) {
    tests::Machine& alice = machine();
    init(alice, "alice");
    ASSERT_TRUE(ask(alice, api::Lock{}));
    tests::Asked& unlocking = begin(alice, unlock_call("alice's password"));
    threads_.io.poll_one();
    stop(alice);
    EXPECT_TRUE(unlocking.reply) << "it would run in what is destroyed";
}

TEST_F(ServiceTest, AServerAnswersForItself) {
    tests::Machine& server = blind_server();
    const auto status = ask(server, api::Status{});
    ASSERT_TRUE(status);
    EXPECT_EQ(status->tier, "serving");
    EXPECT_TRUE(status->serves);
    EXPECT_EQ(refusal(server, init_call("a", "b")), Code::denied);
    EXPECT_EQ(refusal(server, api::Lock{}), Code::denied);
    EXPECT_EQ(refusal(server, unlock_call("x")), std::nullopt);
    EXPECT_EQ(refusal(server, api::Shutdown{}), std::nullopt);
    EXPECT_EQ(server.shutdowns, 1);
}

} // namespace
} // namespace envmesh::node
