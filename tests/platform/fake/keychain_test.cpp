// SPDX-License-Identifier: MIT
#include "platform/fake/keychain.h"

#include <gtest/gtest.h>

using namespace envmesh;
using platform::Asking;
using platform::FakeKeyring;
using Mood = FakeKeyring::Mood;

namespace {

Code code_of_load(FakeKeyring& keyring, Asking asking) {
    const auto loaded = keyring.keychain()->load("a", asking);
    EXPECT_FALSE(!loaded && loaded.error().fix.empty());
    return loaded ? Code::internal : loaded.error().code;
}

TEST(FakeKeychain, GivesBackAndForgets) {
    FakeKeyring keyring;
    const auto keychain = keyring.keychain();
    EXPECT_FALSE(keychain->load("a", Asking::never)->has_value());
    ASSERT_TRUE(keychain->store("a", Secret("one"), Asking::never));
    ASSERT_TRUE(keychain->store("a", Secret("two"), Asking::never));
    EXPECT_EQ((*keychain->load("a", Asking::never))->reveal_text(), "two");
    EXPECT_EQ(keyring.held("a")->reveal_text(), "two");
    ASSERT_TRUE(keychain->erase("a"));
    EXPECT_FALSE(keychain->load("a", Asking::never)->has_value());
    EXPECT_TRUE(keychain->state().lasts);
    keyring.end_with_session();
    EXPECT_FALSE(keychain->state().lasts);
}

TEST(FakeKeychain, IsOpenedByAPersonOnly) {
    FakeKeyring keyring;
    const auto keychain = keyring.keychain();
    keyring.put("a", view("planted"));
    keyring.become(Mood::locked);
    EXPECT_TRUE(keychain->state().is_locked);
    EXPECT_EQ(code_of_load(keyring, Asking::never), Code::locked);
    EXPECT_FALSE(keychain->erase("a"));
    EXPECT_EQ(keyring.asked(), 0U);
    EXPECT_EQ((*keychain->load("a", Asking::person))->reveal_text(), "planted");
    EXPECT_EQ(keyring.asked(), 1U);
    EXPECT_FALSE(keychain->state().is_locked);
    keyring.become(Mood::refused);
    EXPECT_EQ(code_of_load(keyring, Asking::person), Code::locked);
    EXPECT_EQ(keyring.asked(), 2U);
    EXPECT_EQ(keyring.held("a")->reveal_text(), "planted");
}

TEST(FakeKeychain, FailsAsItIsTold) {
    FakeKeyring keyring;
    keyring.become(Mood::none);
    EXPECT_EQ(keyring.keychain()->state().place, "");
    EXPECT_EQ(code_of_load(keyring, Asking::person), Code::unreachable);
    keyring.become(Mood::dead);
    EXPECT_EQ(code_of_load(keyring, Asking::person), Code::unreachable);
    keyring.become(Mood::silent);
    EXPECT_EQ(code_of_load(keyring, Asking::person), Code::timeout);
    keyring.become(Mood::corrupt);
    EXPECT_EQ(code_of_load(keyring, Asking::person), Code::corrupt);
    EXPECT_FALSE(keyring.keychain()->store("a", Secret("one"), Asking::person));
    EXPECT_FALSE(keyring.held("a"));
    EXPECT_EQ(keyring.asked(), 0U);
}

} // namespace
