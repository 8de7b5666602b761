// SPDX-License-Identifier: MIT
#include "core/node/joining.h"

#include "core/crypto/vault.h"
#include "core/storage/database.h"
#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class JoiningTest : public tests::NodeTest {
  protected:
    void SetUp() override { init(alice_, "alice", &server_); }
    /// Bob's machine holds nothing of a mesh, and may join again.
    void expect_untouched() {
        ASSERT_TRUE(eventually([&] { return refusal(bob_, api::JoinWait{1}).has_value(); }));
        EXPECT_EQ(ask(bob_, api::Status{})->state, "absent");
        EXPECT_FALSE(bob_.home.has(vault_file));
        EXPECT_FALSE(bob_.home.has(database_file));
        EXPECT_EQ(refusal(bob_, join_call("no code", "bob")), Code::invalid);
    }

    tests::Machine& server_ = blind_server();
    tests::Machine& alice_ = machine();
    tests::Machine& bob_ = machine();
};

TEST_F(JoiningTest, BringsEverythingThatTheMeshHeld) {
    for (int i = 0; i < 300; ++i)
        set(alice_, "KEY" + std::to_string(i), std::string(2'000, 'v'));
    ASSERT_TRUE(synced(alice_));
    add(alice_, bob_, "bob");
    EXPECT_EQ(ask(bob_, api::Status{})->variables, 300U);
    const auto status = ask(bob_, api::Status{});
    EXPECT_EQ(status->mesh, ask(alice_, api::Status{})->mesh);
    EXPECT_EQ(status->name, "bob");
    EXPECT_EQ(status->server, url_of(server_));
}

// The newest change of every device is there, so versions alone look complete.
TEST_F(JoiningTest, AServerThatLeavesSomethingOutIsFoundOut) {
    set(alice_, "OLDER", "1");
    set(alice_, "NEWER", "2");
    ASSERT_TRUE(synced(alice_));
    const auto key = open_or_make_server_vault(server_.context);
    ASSERT_TRUE(key);
    auto database =
        storage::Database::open(server_.home.path(database_file), crypto::database_key(*key));
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->run("DELETE FROM cell WHERE hlc = (SELECT min(hlc) FROM cell)"));
    introduce(alice_, bob_, "bob");
    ASSERT_TRUE(ask(bob_, api::JoinConfirm{true}));
    std::optional<Code> refused;
    ASSERT_TRUE(
        eventually([&] { return (refused = refusal(bob_, api::JoinWait{1})).has_value(); }));
    EXPECT_EQ(refused, Code::denied);
}

TEST_F(JoiningTest, KeepsNoKeysOnceItsFrontEndHasLeft) {
    add(alice_, bob_, "bob");
    bob_.service->disconnected(front_end);
    EXPECT_EQ(refusal(bob_, api::JoinWait{1}), Code::not_found);
}

TEST_F(JoiningTest, KeepsNoKeysInALockedVault) {
    add(alice_, bob_, "bob");
    ASSERT_TRUE(ask(bob_, api::Lock{}));
    EXPECT_EQ(refusal(bob_, api::JoinWait{1}), Code::not_found);
}

TEST_F(JoiningTest, MayBeUnlockedAfterwards) {
    add(alice_, bob_, "bob");
    stop(bob_);
    start(bob_);
    ASSERT_TRUE(ask(bob_, api::Unlock{Secret(std::string_view("bob's password"))}));
    EXPECT_TRUE(connected(bob_)) << "the pin of the code was not kept";
}

TEST_F(JoiningTest, AskedAndRefusedLeavesNothing) {
    introduce(alice_, bob_, "bob");
    EXPECT_EQ(ask(bob_, api::JoinWait{1})->admin, "alice");
    ASSERT_TRUE(ask(bob_, api::JoinConfirm{false}));
    EXPECT_EQ(refusal(bob_, api::JoinConfirm{true}), Code::conflict);
    expect_untouched();
}

TEST_F(JoiningTest, ConfirmsOnlyWhatWasAsked) {
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    EXPECT_EQ(refusal(bob_, api::JoinConfirm{true}), Code::conflict);
}

TEST_F(JoiningTest, AFrontEndThatLeavesBeforeItsYesLeavesNothing) {
    introduce(alice_, bob_, "bob");
    bob_.service->disconnected(2); // somebody else's
    EXPECT_EQ(stage(bob_), "confirm");
    bob_.service->disconnected(front_end);
    expect_untouched();
}

TEST_F(JoiningTest, AFrontEndThatLeavesInTheMiddleOfACallLeavesNothing) {
    const std::string code = invite(alice_);
    for (int steps = 1; steps <= 40; steps += 3) {
        tests::Asked& joining = begin(bob_, join_call(code, "bob"));
        for (int i = 0; i < steps && !joining.reply; ++i)
            threads_.io.run_one_for(std::chrono::seconds(1));
        joining.cancel();
        EXPECT_TRUE(eventually([&] { return joining.reply.has_value(); }));
        bob_.service->disconnected(front_end);
        expect_untouched();
    }
}

TEST_F(JoiningTest, AWaitThatIsCutShortDoesNotBlockTheNextJoin) {
    const std::string code = invite(alice_);
    ASSERT_TRUE(ask(bob_, join_call(code, "bob")));
    tests::Asked& waiting = begin(bob_, api::JoinWait{});
    settle();
    waiting.cancel();
    settle();
    EXPECT_TRUE(waiting.reply);
    bob_.service->disconnected(front_end);
    expect_untouched();
    ASSERT_EQ(refusal(alice_, api::InviteAnswer{false}), Code::unreachable);
    add(alice_, bob_, "bob");
}

TEST_F(JoiningTest, GoesOnWithoutItsFrontEndAfterTheYes) {
    introduce(alice_, bob_, "bob");
    ASSERT_TRUE(ask(bob_, api::JoinConfirm{true}));
    bob_.service->disconnected(front_end);
    EXPECT_TRUE(connected(bob_));
}

TEST_F(JoiningTest, StopsAtAnyPoint) {
    const std::string code = invite(alice_);
    begin(bob_, join_call(code, "bob"));
    settle();
    stop(bob_);
    start(bob_);
    EXPECT_EQ(ask(bob_, api::Status{})->state, "absent");

    tests::Machine& carol = machine();
    introduce(alice_, carol, "carol");
    tests::Asked& waiting = begin(carol, api::JoinWait{});
    ASSERT_TRUE(ask(carol, api::JoinConfirm{true}));
    stop(carol);
    EXPECT_TRUE(waiting.reply);
    start(carol); // with a whole vault or none
    const bool joined = carol.home.has(vault_file);
    EXPECT_EQ(ask(carol, api::Status{})->state, joined ? "locked" : "absent");
}

TEST_F(JoiningTest, LockDuringTheFirstSynchronisationKeepsTheVault) {
    introduce(alice_, bob_, "bob");
    ASSERT_TRUE(ask(bob_, api::JoinConfirm{true}));
    ASSERT_TRUE(eventually([&] { return ask(bob_, api::Status{})->state == "unlocked"; }));
    ASSERT_TRUE(ask(bob_, api::Lock{}));
    EXPECT_EQ(ask(bob_, api::Status{})->state, "locked");
    EXPECT_TRUE(ask(bob_, api::Unlock{Secret(std::string_view("bob's password"))}));
}

TEST_F(JoiningTest, TrustsNoServerButTheOneOfTheCode) {
    const auto code = mesh::InviteCode::parse(Secret(invite(alice_)));
    ASSERT_TRUE(code);
    crypto::ShortHash other = code->server_key;
    other[0] ^= 1;
    auto forged = mesh::InviteCode::create(bob_.random, other, code->address);
    forged.secret = code->secret.copy();
    const auto joined = ask(bob_, join_call(std::string(forged.to_text().reveal_text()), "bob"));
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().code, Code::denied);
    EXPECT_EQ(ask(bob_, api::Status{})->state, "absent");
}

TEST_F(JoiningTest, ACodeOfNoInvitationIsNotFound) {
    const auto code = mesh::InviteCode::parse(Secret(invite(alice_)));
    ASSERT_TRUE(code);
    const auto other = mesh::InviteCode::create(bob_.random, code->server_key, code->address);
    EXPECT_EQ(refusal(bob_, join_call(std::string(other.to_text().reveal_text()), "bob")),
              Code::not_found);
    const auto nowhere = mesh::InviteCode::create(bob_.random, {}, {});
    EXPECT_EQ(refusal(bob_, join_call(std::string(nowhere.to_text().reveal_text()), "bob")),
              Code::invalid);
}

} // namespace
} // namespace envmesh::node
