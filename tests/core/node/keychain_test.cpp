// SPDX-License-Identifier: MIT
#include "core/node/keychain.h"

#include "core/node/vault.h"
#include "tests/support/memory_keychain.h"
#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class NodeKeychainTest : public tests::NodeTest {
  protected:
    NodeKeychainTest() {
        context_.keychain = &keychain_;
        auto made = run(make_vault(context_, Secret(std::string_view("password"))));
        EXPECT_TRUE(write_vault(context_, made->vault));
        vault_key_ = std::move(made->key);
    }
    Result<> enable() {
        return run(enable_keychain(context_, Key(vault_key_.reveal()), Asking::person));
    }
    Result<Key> opened(Asking asking = Asking::never) {
        return run(open_by_keychain(context_, asking));
    }
    std::optional<Code> refusal() {
        const auto key = opened();
        return key ? std::nullopt : std::optional(key.error().code);
    }
    std::string vault_text() {
        return std::string((*context_.home.read(vault_file, 16384))->reveal_text());
    }

    tests::MemoryKeychain keychain_;
    Context& context_ = machine().context;
    Key vault_key_;
};

TEST_F(NodeKeychainTest, OpensTheVaultOnceItIsEnabled) {
    EXPECT_EQ(refusal(), Code::not_found);
    ASSERT_TRUE(enable());
    const auto key = opened();
    ASSERT_TRUE(key);
    EXPECT_TRUE(*key == vault_key_);
    EXPECT_TRUE(run(open_vault(context_, Secret(std::string_view("password")))));
}

TEST_F(NodeKeychainTest, HoldsARandomKeyAndNothingOfThePasswordOrTheVaultsKey) {
    ASSERT_TRUE(enable());
    ASSERT_EQ(keychain_.held.size(), 1U);
    const Bytes first = keychain_.held.begin()->second;
    EXPECT_EQ(first.size(), Key::size);
    EXPECT_FALSE(Key(View(first)) == vault_key_);
    ASSERT_TRUE(enable()) << "again: another key, in place of the first";
    ASSERT_EQ(keychain_.held.size(), 1U);
    EXPECT_NE(keychain_.held.begin()->second, first);
    EXPECT_TRUE(opened());
}

TEST_F(NodeKeychainTest, WhatCannotBeStoredChangesNothing) {
    const std::string before = vault_text();
    keychain_.trouble = Error{Code::unreachable, "it died", {}};
    EXPECT_FALSE(enable());
    EXPECT_EQ(vault_text(), before);
    keychain_.trouble.reset();
    ASSERT_TRUE(enable());
    const std::string enabled = vault_text();
    keychain_.trouble = Error{Code::timeout, "it is silent", {}};
    EXPECT_FALSE(enable());
    keychain_.trouble.reset();
    EXPECT_EQ(vault_text(), enabled);
    EXPECT_TRUE(opened()) << "the earlier key still does";
}

TEST_F(NodeKeychainTest, TellsAWrongAMissingAndADamagedKeyApart) {
    ASSERT_TRUE(enable());
    Bytes& held = keychain_.held.begin()->second;
    const Bytes right = held;
    held[0] ^= 1;
    EXPECT_EQ(refusal(), Code::wrong_secret);
    EXPECT_EQ(run(keychain_state(context_)).key, "wrong");
    held.pop_back();
    EXPECT_EQ(refusal(), Code::corrupt);
    held = right;
    EXPECT_EQ(refusal(), std::nullopt);
    EXPECT_EQ(run(keychain_state(context_)).key, "there");
    keychain_.held.clear();
    EXPECT_EQ(refusal(), Code::wrong_secret);
    EXPECT_EQ(run(keychain_state(context_)).key, "missing");
}

TEST_F(NodeKeychainTest, AsksThePersonOnlyWhereItMay) {
    ASSERT_TRUE(enable());
    keychain_.asks = true;
    EXPECT_EQ(refusal(), Code::locked);
    EXPECT_EQ(run(keychain_state(context_)).key, "locked");
    EXPECT_EQ(keychain_.asked, 0);
    EXPECT_TRUE(opened(Asking::person));
    EXPECT_EQ(keychain_.asked, 1);
}

TEST_F(NodeKeychainTest, DisabledItOpensNothingAnyMore) {
    ASSERT_TRUE(enable());
    const auto key = keychain_.held;
    ASSERT_TRUE(run(disable_keychain(context_)));
    EXPECT_TRUE(keychain_.held.empty());
    keychain_.held = key;
    EXPECT_EQ(refusal(), Code::not_found);
    EXPECT_EQ(run(keychain_state(context_)).enabled, false);
    EXPECT_TRUE(run(disable_keychain(context_))) << "there is nothing to do";
}

TEST_F(NodeKeychainTest, AKeyThatCannotBeRemovedOpensNothingAllTheSame) {
    ASSERT_TRUE(enable());
    keychain_.trouble = Error{Code::unreachable, "it died", {}};
    const auto disabled = run(disable_keychain(context_));
    ASSERT_FALSE(disabled);
    EXPECT_EQ(disabled.error().code, Code::unreachable);
    keychain_.trouble.reset();
    EXPECT_EQ(refusal(), Code::not_found);
}

TEST_F(NodeKeychainTest, ALostKeyIsRenewedAndNoOther) {
    const auto renew = [this] { run(renew_keychain(context_, Key(vault_key_.reveal()))); };
    renew();
    EXPECT_TRUE(keychain_.held.empty()) << "it was never enabled";
    ASSERT_TRUE(enable());
    const auto before = keychain_.held;
    renew();
    EXPECT_EQ(keychain_.held, before) << "nothing is lost";
    keychain_.asks = true;
    renew();
    EXPECT_EQ(keychain_.held, before) << "it may be there";
    EXPECT_EQ(keychain_.asked, 0);
    keychain_.asks = false;
    run(end_login(context_));
    EXPECT_EQ(keychain_.held, before) << "that outlives a login";
    keychain_.place = "kernel keyring";
    run(end_login(context_));
    EXPECT_EQ(refusal(), Code::wrong_secret);
    renew();
    EXPECT_TRUE(opened());
    EXPECT_NE(keychain_.held, before);
    keychain_.held.begin()->second[0] ^= 1;
    renew();
    EXPECT_TRUE(opened());
    EXPECT_EQ(keychain_.held.size(), 1U);
}

TEST_F(NodeKeychainTest, WithoutAVaultOrAKeychainItSaysSo) {
    tests::Machine& other = machine();
    const auto absent = run(open_by_keychain(other.context, Asking::never));
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Code::absent);
    ASSERT_TRUE(enable());
    context_.keychain = nullptr;
    EXPECT_EQ(refusal(), Code::unreachable);
    EXPECT_FALSE(enable());
    EXPECT_TRUE(run(keychain_state(context_)).place.empty());
}

} // namespace
} // namespace envmesh::node
