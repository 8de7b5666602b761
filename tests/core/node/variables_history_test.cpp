// SPDX-License-Identifier: MIT
#include "core/node/variables.h"

#include "tests/support/members_fixture.h"

#include <gmock/gmock.h>

namespace envmesh::node {
namespace {

using tests::set_call;

class VariablesHistoryTest : public tests::MembersTest {};

TEST_F(VariablesHistoryTest, AnOlderVersionComesBackAsANewOne) {
    put(alice(), "A", "one");
    put(alice(), "A", "two");
    ASSERT_TRUE(alice().erase({{"A"}, {}}));
    const auto past = alice().history({"A", {}, true, 0});
    ASSERT_TRUE(past) << past.error().message;
    ASSERT_EQ(past->entries.size(), 3U);
    EXPECT_TRUE(past->entries[0].deleted);
    EXPECT_EQ(past->entries[0].state, "current");
    EXPECT_EQ(past->entries[1].value->reveal_text(), "two");
    EXPECT_EQ(past->entries[2].value->reveal_text(), "one");
    EXPECT_EQ(past->entries[2].number, 3U);
    ASSERT_TRUE(alice().roll_back({"A", {}, past->entries[2].version}));
    EXPECT_EQ(alice().get({"A", {}, {}})->value->reveal_text(), "one");
    EXPECT_EQ(alice().history({"A", {}, false, 0})->entries.size(), 4U);
    EXPECT_FALSE(alice().history({"A", {}, false, 0})->entries[0].value);
    EXPECT_EQ(alice().roll_back({"A", {}, "9"}).error().code, Code::not_found);
    EXPECT_EQ(alice().history({"ABSENT", {}, true, 0}).error().code, Code::not_found);
}

TEST_F(VariablesHistoryTest, BothOfAConflictAreKeptUntilOneIsTaken) {
    auto by_alice = alice().set(set_call("A", "alice's"));
    auto by_bob = bob().set(set_call("A", "bob's"));
    carry(by_alice, *bob_);
    carry(by_bob, *alice_);
    const auto past = alice().history({"A", {}, true, 0});
    ASSERT_EQ(past->entries.size(), 2U);
    EXPECT_EQ(past->entries[0].state, "current");
    EXPECT_EQ(past->entries[1].state, "conflict");
    EXPECT_EQ(alice().totals()->conflicts, 1U);
    const std::string lost(past->entries[1].value->reveal_text());
    carry(alice().roll_back({"A", {}, past->entries[1].version}), *bob_);
    EXPECT_EQ(bob().get({"A", {}, {}})->value->reveal_text(), lost);
    EXPECT_EQ(alice().totals()->conflicts, 0U);
    EXPECT_EQ(bob().totals()->conflicts, 0U);
}

// A version that is written anew is this machine's own, and asks nobody for approval.
TEST_F(VariablesHistoryTest, WhatAnotherWroteAndRunsCodeComesBackOnlyWhenApproved) {
    const auto first = alice().set(set_call("EDITOR", "evil"));
    carry(first, *bob_);
    const auto second = alice().set(set_call("EDITOR", "vi"));
    carry(second, *bob_);
    EXPECT_EQ(bob().roll_back({"EDITOR", {}, first->versions.at(0)}).error().code, Code::denied);
    EXPECT_TRUE(exported(bob()).items.empty());
    ASSERT_TRUE(bob().trust({{"EDITOR"}, second->versions, {}, {}}));
    put(bob(), "EDITOR", "ed");
    EXPECT_TRUE(bob().roll_back({"EDITOR", {}, second->versions.at(0)}));
    EXPECT_EQ(lines(exported(bob())), std::vector<std::string>{"EDITOR=vi"});
    EXPECT_TRUE(alice().roll_back({"EDITOR", {}, first->versions.at(0)})) << "her own";
}

TEST_F(VariablesHistoryTest, AConflictIsNotSettledByAnUnseenValueThatRunsCode) {
    const auto by_bob = bob().set(set_call("PAGER", "bob's"));
    const auto by_alice = alice().set(set_call("PAGER", "alice's"));
    carry(by_alice, *bob_);
    EXPECT_EQ(bob().roll_back({"PAGER", {}, by_alice->versions.at(0), true, {}}).error().code,
              Code::denied);
    ASSERT_TRUE(bob().roll_back({"PAGER", {}, by_bob->versions.at(0), true, {}}));
    EXPECT_EQ(lines(exported(bob())), std::vector<std::string>{"PAGER=bob's"});
}

TEST_F(VariablesHistoryTest, OnlyOneOfAConflictSettlesIt) {
    const auto old = bob().set(set_call("A", "old"));
    const auto by_bob = bob().set(set_call("A", "bob's"));
    const auto settle = [this](const std::string& version) {
        return bob().roll_back({"A", {}, version, true, {}});
    };
    EXPECT_EQ(settle(by_bob->versions.at(0)).error().code, Code::conflict) << "there is none";
    const auto by_alice = alice().set(set_call("A", "alice's"));
    carry(by_alice, *bob_);
    EXPECT_EQ(settle(old->versions.at(0)).error().code, Code::conflict);
    EXPECT_EQ(bob().totals()->conflicts, 1U);
    ASSERT_TRUE(settle(by_alice->versions.at(0)));
    EXPECT_EQ(bob().get({"A", {}, {}})->value->reveal_text(), "alice's");
    EXPECT_EQ(bob().totals()->conflicts, 0U);
}

TEST_F(VariablesHistoryTest, SeesInAProjectWhatGetSees) {
    ASSERT_TRUE(alice().create_profile({"dev"}));
    put(alice(), "A", "one", "profile/dev");
    put(alice(), "A", "two", "profile/dev");
    const std::string text = "profile = \"dev\"\n";
    const api::Scoping inside{{}, "/p", text};
    ASSERT_TRUE(alice().trust({{}, {}, "/p", text}));
    EXPECT_EQ(alice().history({"A", {}, false, 0, {}}).error().code, Code::not_found);
    const auto past = alice().history({"A", {}, false, 0, inside});
    ASSERT_TRUE(past) << past.error().message;
    EXPECT_EQ(past->scope, "profile/dev");
    ASSERT_TRUE(alice().roll_back({"A", {}, past->entries.at(1).version, false, inside}));
    EXPECT_EQ(alice().get({"A", {}, inside})->value->reveal_text(), "one");
}

} // namespace
} // namespace envmesh::node
