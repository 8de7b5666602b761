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

} // namespace
} // namespace envmesh::node
