// SPDX-License-Identifier: MIT
#include "core/mesh/chain.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

/// A mesh with three admins, in this order of seniority: forge.admin, second, third.
struct Fork : testing::Test {
    Forge forge;
    crypto::Identity second = forge.added(Role::admin);
    crypto::Identity third = forge.added(Role::admin);
    crypto::Identity member = forge.added(Role::member);
    const Chain& base = forge.chain;

    /// Both ways round, or the two nodes that hold them would not agree.
    static void expect_wins(const Chain& winner, const Chain& loser) {
        EXPECT_EQ(Chain::preferred(winner, loser).head(), winner.head());
        EXPECT_EQ(Chain::preferred(loser, winner).head(), winner.head());
    }
};

TEST_F(Fork, TheLongerOfOneLineWins) {
    const Chain longer = forge.with_added(base, second);
    expect_wins(longer, base);
    expect_wins(base, base);
}

TEST_F(Fork, AnAuthorWhomTheOtherBranchRemovesLoses) {
    const Chain removing = forge.with_removed(base, third, forge.admin);
    Chain adding = forge.with_added(base, forge.admin);
    expect_wins(removing, adding);
    adding = forge.with_added(adding, forge.admin);
    expect_wins(removing, adding); // length is no argument
    const Chain evading = forge.with_removed(base, forge.admin, member);
    expect_wins(removing, evading); // nor is removing somebody else, nor seniority
}

TEST_F(Fork, ARemovalLaterInTheBranchCountsAsWell) {
    const Chain removing = forge.with_removed(forge.with_added(base, second), second, third);
    const Chain adding = forge.with_added(base, third);
    expect_wins(removing, adding);
}

TEST_F(Fork, TakingTheAdminRoleCountsAsRemoval) {
    const Chain demoting = forge.with(base, second, RoleBody{third.id(), Role::reader, 1});
    const Chain adding = forge.with_added(base, third);
    expect_wins(demoting, adding);
}

TEST_F(Fork, OnMutualRemovalTheAdminWhoWasAddedEarlierWins) {
    const Chain by_second = forge.with_removed(base, second, third);
    const Chain by_third = forge.with_removed(base, third, second);
    expect_wins(by_second, by_third);
    // Also when the junior admin has others continue his branch.
    expect_wins(by_second, forge.with_added(by_third, forge.admin));
}

TEST_F(Fork, ARemovalWinsOverEntriesThatRemoveNobody) {
    const Chain removing = forge.with_removed(base, third, member);
    for (int i = 0; i < 8; ++i)
        expect_wins(removing, forge.with_added(base, second));
}

TEST_F(Fork, OfTwoRemovalsOfOthersTheEarlierAdminsWins) {
    const Chain by_second = forge.with_removed(base, second, member);
    for (int i = 0; i < 8; ++i)
        expect_wins(by_second, forge.with_removed(base, third, member));
}

TEST_F(Fork, TheLowerHashOfTheFirstEntriesBreaksTies) {
    for (int i = 0; i < 8; ++i) {
        const Chain one = forge.with_added(base, second);
        const Chain two = forge.with_added(base, third);
        const std::size_t at = base.entries().size();
        const bool one_first = one.entries()[at].hash() < two.entries()[at].hash();
        const Chain& winner = one_first ? one : two;
        const Chain& loser = one_first ? two : one;
        expect_wins(winner, forge.with_added(loser, forge.admin));
    }
}

TEST_F(Fork, OneAdminsOwnForkIsSettledByTheHash) {
    const Chain one = forge.with_removed(base, second, member);
    const Chain two = forge.with_removed(base, second, third);
    const bool one_first = one.head() < two.head();
    expect_wins(one_first ? one : two, one_first ? two : one);
}

} // namespace
} // namespace envmesh::mesh
