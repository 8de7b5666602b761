// SPDX-License-Identifier: MIT
// Opening and locking by everything but the password's own call.
#include "core/node/service.h"

#include "tests/support/memory_keychain.h"
#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class ServiceVaultTest : public tests::NodeTest {
  protected:
    ServiceVaultTest() {
        alice_.context.keychain = &keychain_;
        init(alice_, "alice");
    }
    ~ServiceVaultTest() override { stop(alice_); } // before the keychain goes
    Secret password() { return Secret(std::string_view("alice's password")); }
    api::Status::Reply status() { return *ask(alice_, api::Status{}); }
    bool lock(const std::string& reason) { return run(alice_.service->lock_for(reason)); }

    tests::MemoryKeychain keychain_;
    tests::Machine& alice_ = machine();
};

TEST_F(ServiceVaultTest, TheKeychainOpensWhatThePasswordEnabled) {
    EXPECT_EQ(refusal(alice_, api::UnlockByKeychain{}), std::nullopt) << "it is open";
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_EQ(refusal(alice_, api::UnlockByKeychain{}), Code::not_found);
    const auto enabled = ask(alice_, api::EnableKeychain{password()});
    ASSERT_TRUE(enabled);
    EXPECT_TRUE(enabled->enabled);
    EXPECT_EQ(enabled->key, "there");
    EXPECT_EQ(status().state, "locked") << "that opens nothing";
    ASSERT_TRUE(ask(alice_, api::UnlockByKeychain{}));
    EXPECT_EQ(status().state, "unlocked");
    ASSERT_TRUE(ask(alice_, api::DisableKeychain{}));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_EQ(refusal(alice_, api::UnlockByKeychain{}), Code::not_found);
}

TEST_F(ServiceVaultTest, AWrongPasswordEnablesNothingAndMustBeWaitedFor) {
    EXPECT_EQ(refusal(alice_, api::EnableKeychain{Secret(std::string_view("wrong"))}),
              Code::wrong_secret);
    EXPECT_EQ(refusal(alice_, api::EnableKeychain{password()}), Code::wrong_secret) << "too soon";
    EXPECT_TRUE(keychain_.held.empty());
    EXPECT_FALSE(ask(alice_, api::Keychain{})->enabled);
    alice_.clock.leap(1'001);
    EXPECT_TRUE(ask(alice_, api::EnableKeychain{password()}));
}

TEST_F(ServiceVaultTest, AKeychainThatTakesItsTimeHoldsUpNobody) {
    ASSERT_TRUE(ask(alice_, api::EnableKeychain{password()}));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    keychain_.hangs = true;
    tests::Asked& opening = begin(alice_, api::UnlockByKeychain{}, 2);
    settle();
    ASSERT_TRUE(ask(alice_, api::Unlock{password()})) << "the password opens meanwhile";
    keychain_.hangs = false;
    EXPECT_TRUE(finish(opening));
    EXPECT_EQ(status().state, "unlocked");
}

TEST_F(ServiceVaultTest, WhoLocksWhileTheKeychainIsAskedWins) {
    ASSERT_TRUE(ask(alice_, api::EnableKeychain{password()}));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    keychain_.hangs = true;
    tests::Asked& opening = begin(alice_, api::UnlockByKeychain{}, 2);
    settle();
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    keychain_.hangs = false;
    const auto opened = finish(opening);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::locked);
    EXPECT_EQ(status().state, "locked");
}

TEST_F(ServiceVaultTest, SaysWhyItIsLocked) {
    EXPECT_EQ(status().locked_by, "") << "it is open";
    EXPECT_TRUE(lock("sleep"));
    EXPECT_EQ(status().locked_by, "sleep");
    EXPECT_FALSE(lock("logout")) << "it is locked already";
    EXPECT_EQ(status().locked_by, "sleep");
    ASSERT_TRUE(ask(alice_, api::Unlock{password()}));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_EQ(status().locked_by, "command");
    stop(alice_);
    start(alice_);
    EXPECT_EQ(status().locked_by, "start");
}

TEST_F(ServiceVaultTest, AfterALogoutThePasswordOpensOnceAndThenTheKeychainAgain) {
    keychain_.place = "kernel keyring";
    ASSERT_TRUE(ask(alice_, api::EnableKeychain{password()}));
    EXPECT_TRUE(lock("logout"));
    EXPECT_EQ(refusal(alice_, api::UnlockByKeychain{}), Code::wrong_secret);
    ASSERT_TRUE(ask(alice_, api::Unlock{password()}));
    EXPECT_TRUE(eventually([&] { return !keychain_.held.empty(); }));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_TRUE(ask(alice_, api::UnlockByKeychain{}));
}

TEST_F(ServiceVaultTest, ALockWaitsForAnUnlockThatIsUnderWay) {
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    tests::Asked& opening = begin(alice_, api::Unlock{password()});
    EXPECT_TRUE(lock("sleep"));
    EXPECT_TRUE(finish(opening));
    EXPECT_EQ(status().state, "locked");
}

TEST_F(ServiceVaultTest, LocksWhenNobodyUsedItForSoLong) {
    set(alice_, "KEY", "value");
    alice_.clock.leap(600 * 60'000);
    alice_.service->tick();
    settle();
    EXPECT_EQ(status().state, "unlocked") << "it was not asked for";
    alice_.context.config.lock_idle_minutes = 10;
    EXPECT_EQ(get(alice_, "KEY"), "value");
    alice_.clock.leap(9 * 60'000);
    alice_.service->tick();
    settle();
    EXPECT_EQ(status().state, "unlocked");
    alice_.clock.leap(1 * 60'000);
    alice_.service->tick(); // looking at the status was no use of it
    EXPECT_TRUE(eventually([&] { return status().state == "locked"; }));
    EXPECT_EQ(status().locked_by, "idle");
}

TEST_F(ServiceVaultTest, ABlindServerHasNoKeychain) {
    tests::Machine& server = blind_server();
    EXPECT_EQ(refusal(server, api::EnableKeychain{password()}), Code::denied);
    EXPECT_FALSE(ask(server, api::Keychain{})->enabled);
}

} // namespace
} // namespace envmesh::node
