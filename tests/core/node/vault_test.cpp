// SPDX-License-Identifier: MIT
#include "core/node/vault.h"

#include "tests/support/node_fixture.h"

#include <fstream>

namespace envmesh::node {
namespace {

class NodeVaultTest : public tests::NodeTest {
  protected:
    Context& context_ = machine().context;
};

TEST_F(NodeVaultTest, OpensWithItsPasswordAndNoOther) {
    const auto made = run(make_vault(context_, Secret(std::string_view("right"))));
    ASSERT_TRUE(made);
    EXPECT_EQ(has_vault(context_), false) << "written before the database is";
    ASSERT_TRUE(write_vault(context_, made->vault));
    EXPECT_EQ(has_vault(context_), true);
    const auto opened = run(open_vault(context_, Secret(std::string_view("right"))));
    ASSERT_TRUE(opened);
    EXPECT_TRUE(*opened == made->key);
    const auto refused = run(open_vault(context_, Secret(std::string_view("wrong"))));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::wrong_secret);
}

TEST_F(NodeVaultTest, TellsAnAbsentFromADamagedOne) {
    const auto absent = run(open_vault(context_, Secret(std::string_view("x"))));
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Code::absent);
    ASSERT_TRUE(context_.home.write(vault_file, view(std::string_view("{\"slots\": 7"))));
    const auto damaged = run(open_vault(context_, Secret(std::string_view("x"))));
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, Code::corrupt);
}

TEST_F(NodeVaultTest, AServersKeyFileIsMadeOnceAndItsLossIsToldNotRepaired) {
    const auto made = open_or_make_server_vault(context_);
    ASSERT_TRUE(made);
    const auto again = open_or_make_server_vault(context_);
    ASSERT_TRUE(again);
    EXPECT_TRUE(*made == *again);
    std::filesystem::remove(context_.home.path("vault.key"));
    const auto lost = open_or_make_server_vault(context_);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Code::locked);
    ASSERT_TRUE(context_.home.write("vault.key", Bytes(31)));
    EXPECT_FALSE(open_or_make_server_vault(context_));
}

TEST_F(NodeVaultTest, AServersKeyFileThatIsThereBeforehandIsUsed) {
    const Bytes given(Key::size, 7);
    ASSERT_TRUE(context_.home.write("vault.key", given));
    const auto made = open_or_make_server_vault(context_);
    ASSERT_TRUE(made);
    EXPECT_EQ(to_bytes((*context_.home.read("vault.key", 100))->reveal()), given);
    EXPECT_TRUE(*open_or_make_server_vault(context_) == *made);
    EXPECT_FALSE(*made == Key(given)) << "the vault's own key is another";
}

TEST_F(NodeVaultTest, AServersKeyFileOfAnotherLengthIsNotReplaced) {
    ASSERT_TRUE(context_.home.write("vault.key", Bytes(33)));
    EXPECT_EQ(open_or_make_server_vault(context_).error().code, Code::locked);
    EXPECT_EQ((*context_.home.read("vault.key", 100))->size(), 33U);
    EXPECT_FALSE(*has_vault(context_));
}

TEST_F(NodeVaultTest, TheTokenStaysAndALineEndDoesNotBelongToIt) {
    EXPECT_EQ(read_token(context_)->has_value(), false);
    const auto made = read_or_make_token(context_);
    ASSERT_TRUE(made);
    EXPECT_GE(made->size(), 32U);
    EXPECT_EQ(read_or_make_token(context_), *made);
    EXPECT_EQ(read_token(context_), *made);
    ASSERT_TRUE(context_.home.write("server.token", view(std::string_view("own token\r\n"))));
    EXPECT_EQ(read_or_make_token(context_), "own token");
}

TEST_F(NodeVaultTest, ThePublicKeyRoundTripsAndDamageIsTold) {
    EXPECT_EQ(read_public_key(context_)->has_value(), false);
    const auto identity = crypto::Identity::create(context_.random);
    ASSERT_TRUE(store_public_key(context_, identity.public_identity()));
    const auto stored = read_public_key(context_);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ(**stored, identity.public_identity().ed_pk);
    for (const std::string_view damaged : {"", "\n", "00ff\n", "no hex at all"}) {
        ASSERT_TRUE(context_.home.write("server.pub", view(damaged)));
        const auto refused = read_public_key(context_);
        ASSERT_FALSE(refused) << damaged;
        EXPECT_EQ(refused.error().code, Code::corrupt);
    }
}

} // namespace
} // namespace envmesh::node
