// SPDX-License-Identifier: MIT
#include "core/crypto/vault.h"

#include "tests/core/crypto/vectors.h"

#include <gtest/gtest.h>

namespace envmesh::crypto {
namespace {

const Argon2Limits cheap{.least_passes = 1,
                         .least_memory_kib = 8,
                         .most_passes = 4,
                         .most_memory_kib = 64,
                         .new_passes = 1,
                         .new_memory_kib = 8};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

/// With the first digit of the first field of that name changed.
std::string altered(std::string text, std::string_view name) {
    const std::size_t field = text.find('"' + std::string(name) + "\": \"");
    EXPECT_NE(field, std::string::npos) << name;
    char& digit = text[field + name.size() + 5];
    digit = digit == '0' ? '1' : '0';
    return text;
}

class VaultTest : public testing::Test {
  protected:
    VaultTest() {
        EXPECT_TRUE(vault_.add_password(vault_key_, Secret("right"), cheap, random_));
        EXPECT_TRUE(vault_.add_key(SlotKind::file, vault_key_, file_key_, random_));
        json_ = vault_.to_json();
    }

    static Code code(std::string_view json) {
        const auto vault = Vault::parse(json);
        return vault ? Code::internal : vault.error().code;
    }
    static Code opening(std::string_view json) {
        const auto key = Vault::parse(json).value().open_password(Secret("right"), cheap);
        return key ? Code::internal : key.error().code;
    }

    CountingRandom random_;
    Key vault_key_ = random_key(random_);
    Key file_key_ = random_key(random_);
    Vault vault_;
    std::string json_;
};

TEST_F(VaultTest, OpensAfterTheRoundTripAndForTheRightSecretOnly) {
    const Vault read = Vault::parse(json_).value();
    EXPECT_EQ(read.to_json(), json_);
    EXPECT_EQ(read.open_password(Secret("right"), cheap).value(), vault_key_);
    EXPECT_EQ(read.open_key(SlotKind::file, file_key_).value(), vault_key_);
    EXPECT_EQ(read.open_password(Secret("wrong"), cheap).error().code, Code::wrong_secret);
    EXPECT_EQ(read.open_password(Secret(), cheap).error().code, Code::wrong_secret);
    EXPECT_EQ(read.open_key(SlotKind::file, vault_key_).error().code, Code::wrong_secret);
    EXPECT_EQ(read.open_key(SlotKind::keychain, file_key_).error().code, Code::wrong_secret);
    EXPECT_EQ(Vault().open_password(Secret("right"), cheap).error().code, Code::wrong_secret);
}

TEST_F(VaultTest, EitherOfTwoPasswordsOpens) {
    ASSERT_TRUE(vault_.add_password(vault_key_, Secret("second"), cheap, random_));
    EXPECT_EQ(vault_.open_password(Secret("right"), cheap).value(), vault_key_);
    EXPECT_EQ(vault_.open_password(Secret("second"), cheap).value(), vault_key_);
}

TEST_F(VaultTest, HoldsNeitherKeyNorPassword) {
    EXPECT_EQ(json_.find(hex(vault_key_.reveal())), std::string::npos);
    EXPECT_EQ(json_.find(hex(file_key_.reveal())), std::string::npos);
    EXPECT_EQ(json_.find("right"), std::string::npos);
}

TEST_F(VaultTest, WhatIsBoundToTheSealedKeyCannotBeChanged) {
    for (const char* const name : {"id", "salt", "nonce", "sealed"})
        EXPECT_EQ(opening(altered(json_, name)), Code::wrong_secret) << name;
    EXPECT_EQ(opening(replaced(json_, R"("passes": 1)", R"("passes": 2)")), Code::wrong_secret);
    EXPECT_EQ(opening(replaced(json_, R"("memory_kib": 8)", R"("memory_kib": 9)")),
              Code::wrong_secret);
    const auto moved = Vault::parse(replaced(json_, R"("file")", R"("keychain")")).value();
    EXPECT_EQ(moved.open_key(SlotKind::keychain, file_key_).error().code, Code::wrong_secret);
}

TEST_F(VaultTest, ACostOutsideOfTheLimitsIsToldUnlessAnotherSlotOpens) {
    const std::string costly = replaced(json_, R"("passes": 1)", R"("passes": 5)");
    EXPECT_EQ(opening(costly), Code::corrupt);
    Vault both = Vault::parse(costly).value();
    ASSERT_TRUE(both.add_password(vault_key_, Secret("second"), cheap, random_));
    EXPECT_EQ(both.open_password(Secret("second"), cheap).value(), vault_key_);
}

TEST_F(VaultTest, RefusesToGrowBeyondEightSlotsAndStaysUnchanged) {
    for (std::size_t i = vault_.slots().size(); i < Vault::most_slots; ++i)
        ASSERT_TRUE(vault_.add_key(SlotKind::keychain, vault_key_, file_key_, random_));
    json_ = vault_.to_json();
    EXPECT_LE(json_.size(), Vault::most_bytes);
    ASSERT_TRUE(Vault::parse(json_));
    EXPECT_EQ(vault_.add_key(SlotKind::file, vault_key_, file_key_, random_).error().code,
              Code::invalid);
    EXPECT_EQ(vault_.add_password(vault_key_, Secret("p"), cheap, random_).error().code,
              Code::invalid);
    EXPECT_EQ(vault_.to_json(), json_);
}

TEST_F(VaultTest, KeysCanBeRemovedAndPasswordsCannot) {
    ASSERT_TRUE(vault_.add_key(SlotKind::keychain, vault_key_, file_key_, random_));
    ASSERT_NE(vault_.find(SlotKind::keychain), nullptr);
    vault_.remove_keys(SlotKind::keychain);
    EXPECT_EQ(vault_.find(SlotKind::keychain), nullptr);
    EXPECT_EQ(vault_.open_key(SlotKind::keychain, file_key_).error().code, Code::wrong_secret);
    vault_.remove_keys(SlotKind::password);
    EXPECT_EQ(vault_.to_json(), json_);
}

TEST_F(VaultTest, RefusesAnEmptyPasswordAndAKeyForAPasswordSlot) {
    EXPECT_EQ(vault_.add_password(vault_key_, Secret(), cheap, random_).error().code,
              Code::invalid);
    EXPECT_EQ(vault_.add_key(SlotKind::password, vault_key_, file_key_, random_).error().code,
              Code::invalid);
    EXPECT_EQ(vault_.to_json(), json_);
}

TEST_F(VaultTest, AFileOfANewerVersionIsToldFromADamagedOne) {
    EXPECT_EQ(code(R"({"version": 2, "form": ["unheard of"]})"), Code::too_new);
    EXPECT_EQ(code(replaced(json_, R"("version": 1)", R"("version": 0)")), Code::corrupt);
    EXPECT_EQ(code(replaced(json_, R"("version": 1)", R"("version": -1)")), Code::corrupt);
    EXPECT_EQ(code(replaced(json_, R"("version": 1)", R"("version": 1.0)")), Code::corrupt);
    EXPECT_EQ(code(replaced(json_, R"("version": 1)", R"("version": "1")")), Code::corrupt);
    EXPECT_EQ(code(replaced(json_, R"("version": 1)", R"("version": 4294967297)")), Code::corrupt);
}

TEST_F(VaultTest, RefusesEveryOtherForm) {
    const auto refused = [&](std::string_view what, std::string_view with) {
        EXPECT_EQ(code(replaced(json_, what, with)), Code::corrupt) << with;
    };
    refused(R"("version": 1)", R"("version": 1, "version": 1)");
    refused(R"("version": 1)", R"("version": 1, "hint": "the cat")");
    refused(R"("passes": 1)", R"("passes": 1, "passes": 1)");
    refused(R"("passes": 1)", R"("passes": 1, "lanes": 4)");
    refused(R"("passes": 1)", R"("passes": 4294967297)");
    refused(R"("passes": 1)", R"("passes": 1.0)");
    refused(R"("passes": 1)", R"("passes": null)");
    refused(R"("kind": "password")", R"("kind": "passkey")");
    refused(R"("kind": "password")", R"("kind": "file")");
    refused(R"("kind": "file")", R"("kind": "password")");
    refused(R"("kind": "file")", R"("kind": 3)");
    refused(R"("kind": "file")", R"("kind": "file", "argon2": {})");
    for (const std::string name : {"id", "salt", "nonce", "sealed"}) {
        refused('"' + name + "\": \"", '"' + name + "\": \"00");
        refused('"' + name + "\": \"", '"' + name + "\": \"G");
        refused('"' + name + '"', "\"other\"");
    }
}

TEST_F(VaultTest, RefusesWhatIsNoVaultAtAll) {
    for (const char* const text :
         {"", "{}", "[]", "null", "7", R"({"version": 1})", R"({"version": 1, "slots": []})",
          R"({"version": 1, "slots": {}})", R"({"version": 1, "slots": [[]]})", "{\"version\": 1"})
        EXPECT_EQ(code(text), Code::corrupt) << text;
    EXPECT_EQ(code(json_ + "x"), Code::corrupt);
    EXPECT_EQ(code(json_ + std::string("\0x", 2)), Code::corrupt);
    EXPECT_EQ(code(replaced(json_, "kind", "\xff")), Code::corrupt);
    for (std::size_t size = 0; size + 1 < json_.size(); ++size)
        EXPECT_EQ(code(std::string_view(json_).substr(0, size)), Code::corrupt) << size;
}

TEST_F(VaultTest, SizeSlotsAndDepthAreBounded) {
    const std::string room(Vault::most_bytes - json_.size(), ' ');
    EXPECT_TRUE(Vault::parse(json_ + room));
    EXPECT_EQ(code(json_ + room + ' '), Code::corrupt);
    const std::size_t first = json_.rfind('{');
    const std::string slot = json_.substr(first, json_.rfind(']') - first);
    EXPECT_TRUE(Vault::parse(replaced(json_, "[", "[" + slot + ',')));
    std::string seven;
    for (int i = 0; i < 7; ++i)
        seven += slot + ',';
    EXPECT_EQ(code(replaced(json_, "[", "[" + seven)), Code::corrupt);
    EXPECT_EQ(
        code(R"({"version": 2, "a": )" + std::string(7000, '[') + std::string(7000, ']') + '}'),
        Code::corrupt);
}

TEST_F(VaultTest, NoErrorShowsASecret) {
    for (const Error& error : {vault_.open_password(Secret("guess"), cheap).error(),
                               vault_.open_key(SlotKind::file, vault_key_).error(),
                               Vault::parse(replaced(json_, "file", "guess")).error()}) {
        EXPECT_EQ((error.message + error.fix).find("guess"), std::string::npos);
        EXPECT_FALSE(error.message.empty() || error.fix.empty());
    }
}

// From Python's hashlib: a database of today opens with the key of tomorrow's program.
TEST(Vault, DatabaseKeyIsDerivedFromTheVaultKey) {
    CountingRandom random;
    EXPECT_EQ(hex(database_key(random_key(random)).reveal()),
              "c848f054b1b48ba6d515b3292b22eee7b9c20f78a76607926fec9ffbcac0b047");
}

} // namespace
} // namespace envmesh::crypto
