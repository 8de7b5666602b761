// SPDX-License-Identifier: MIT
#include "daemon/login.h"

#include "daemon/keychain.h"
#include "platform/fake/keychain.h"
#include "platform/fake/session.h"
#include "tests/support/node_fixture.h"

namespace envmesh::daemon {
namespace {

using enum platform::SessionNews;
using Mood = platform::FakeKeyring::Mood;

class LoginTest : public tests::NodeTest {
  protected:
    LoginTest() {
        alice_.context.keychain = &keychain_;
        alice_.context.publish = [this](const api::Event& event) { // as the daemon does
            if (event.event == "lock" && event.reason == "command") login_.locked_by_person();
            if (event.event == "lock" && event.state == "unlocked") login_.opened();
        };
        init(alice_, "alice");
        EXPECT_TRUE(ask(alice_, api::EnableKeychain{password()}));
    }
    ~LoginTest() override {
        login_.stop();
        run(login_.join());
        stop(alice_);
    }

    static Secret password() { return Secret(std::string_view("alice's password")); }
    std::string state() { return ask(alice_, api::Status{})->state; }
    std::string locked_by() { return ask(alice_, api::Status{})->locked_by; }
    bool becomes(const std::string& wanted) {
        return eventually([&] { return state() == wanted; });
    }
    void start() {
        login_.start();
        settle();
    }
    void tell(platform::SessionNews news) {
        sessions_->tell(news);
        settle();
    }

    asio::thread_pool pool_{1};
    platform::FakeKeyring keyring_;
    SystemKeychain keychain_{pool_, keyring_.keychain()};
    tests::Machine& alice_ = machine();
    platform::fake::Sessions* sessions_ = nullptr; // the login's
    Login login_{alice_.context.executor, *alice_.service, alice_.context.config,
                 [this](Login::News heard) -> Result<std::unique_ptr<platform::SessionWatch>> {
                     auto made = std::make_unique<platform::fake::Sessions>(std::move(heard));
                     sessions_ = made.get();
                     return made;
                 }};
};

TEST_F(LoginTest, OpensAtTheStartAndAsksNobody) {
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    keyring_.become(Mood::locked);
    start();
    EXPECT_EQ(state(), "locked");
    EXPECT_EQ(keyring_.asked(), 0U);
    keyring_.become(Mood::open); // by the person, at the desktop
    EXPECT_TRUE(becomes("unlocked"));
}

TEST_F(LoginTest, SleepWaitsForTheLockAndWakingOpens) {
    start();
    tell(falling_asleep);
    EXPECT_TRUE(becomes("locked"));
    EXPECT_TRUE(eventually([&] { return sessions_->times_ready() == 1; }));
    EXPECT_EQ(locked_by(), "sleep");
    tell(screen_unlocked);
    tell(logged_in);
    EXPECT_EQ(state(), "locked") << "that does not end a sleep";
    tell(awake);
    EXPECT_TRUE(becomes("unlocked"));
}

TEST_F(LoginTest, WhereSleepLocksNothingItIsNotHeldUp) {
    alice_.context.config.lock_on_sleep = false;
    start();
    tell(falling_asleep);
    EXPECT_EQ(sessions_->times_ready(), 1);
    EXPECT_EQ(state(), "unlocked");
}

TEST_F(LoginTest, TheScreenLocksWhereThatIsWanted) {
    start();
    tell(screen_locked);
    EXPECT_EQ(state(), "unlocked");
    alice_.context.config.lock_on_screen_lock = true;
    tell(screen_locked);
    EXPECT_TRUE(becomes("locked"));
    tell(falling_asleep);
    tell(awake);
    EXPECT_EQ(state(), "locked") << "behind a locked screen";
    EXPECT_TRUE(eventually([&] { return sessions_->times_ready() == 1; })) << "sleep went on";
    tell(screen_unlocked);
    EXPECT_TRUE(becomes("unlocked"));
}

TEST_F(LoginTest, WhatAPersonLockedNothingOpens) {
    start();
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    for (const auto news : {falling_asleep, awake, logged_out, logged_in, screen_unlocked})
        tell(news);
    settle();
    EXPECT_EQ(state(), "locked");
    EXPECT_EQ(locked_by(), "command");
}

TEST_F(LoginTest, WhatAPersonLocksWhileItIsTriedStaysLocked) {
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    keyring_.become(Mood::locked);
    start();
    ASSERT_TRUE(ask(alice_, api::Lock{})) << "it is locked already, and is to stay so";
    keyring_.become(Mood::open);
    for (int moments = 0; moments < 30; ++moments) // longer than the first pause
        settle();
    EXPECT_EQ(state(), "locked");
    EXPECT_EQ(locked_by(), "command");
}

TEST_F(LoginTest, WhatAPersonLocksBehindALockedScreenStaysLocked) {
    alice_.context.config.lock_on_screen_lock = true;
    start();
    tell(screen_locked);
    EXPECT_TRUE(becomes("locked"));
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    EXPECT_EQ(locked_by(), "command");
    tell(screen_unlocked);
    settle();
    EXPECT_EQ(state(), "locked");
}

TEST_F(LoginTest, StartedBehindALockedScreenItOpensWithTheScreen) {
    ASSERT_TRUE(ask(alice_, api::Lock{}));
    alice_.context.config.lock_on_screen_lock = true;
    login_.start();
    sessions_->tell(screen_locked); // before the keychain has answered
    settle();
    EXPECT_EQ(state(), "locked");
    tell(screen_unlocked);
    EXPECT_TRUE(becomes("unlocked"));
}

TEST_F(LoginTest, TellsWhyWhatIsToLockIsNotHeardOf) {
    start();
    EXPECT_EQ(login_.unheard(), "");
    sessions_->become("There is no bus.");
    EXPECT_EQ(login_.unheard(), "There is no bus.");
    sessions_->become(std::string(platform::watching_sleep));
    EXPECT_EQ(login_.unheard(), platform::watching_sleep) << "no logout is heard of";
    alice_.context.config.lock_on_logout = false;
    EXPECT_EQ(login_.unheard(), "") << "sleep alone is to lock";
    sessions_->become("There is no bus.");
    EXPECT_EQ(login_.unheard(), "There is no bus.");
    alice_.context.config.lock_on_sleep = false;
    EXPECT_EQ(login_.unheard(), "") << "nothing is to";
}

TEST_F(LoginTest, ALogoutLocksAndForgetsWhatIsOfThatLoginAlone) {
    keyring_.end_with_session();
    start();
    tell(logged_out);
    EXPECT_TRUE(becomes("locked"));
    EXPECT_TRUE(eventually([&] { return sessions_->times_ready() == 1; }));
    tell(logged_in);
    EXPECT_EQ(state(), "locked") << "its key went with the login";
    ASSERT_TRUE(ask(alice_, api::Unlock{password()}));
    EXPECT_TRUE(eventually([&] { return ask(alice_, api::Keychain{})->key == "there"; }));
}

} // namespace
} // namespace envmesh::daemon
