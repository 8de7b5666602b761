// SPDX-License-Identifier: MIT
#include "core/node/health.h"

#include <gtest/gtest.h>

namespace envmesh::node {
namespace {

TEST(Health, IsSteadyAfterHalfAMinuteToAMinuteWithoutABreak) {
    SystemRandom random;
    for (int i = 0; i < 200; ++i) {
        Health health(random);
        EXPECT_FALSE(health.steady(1'000'000));
        health.update(true, 1000);
        EXPECT_TRUE(health.up());
        ASSERT_TRUE(health.steady_at());
        EXPECT_GE(*health.steady_at(), 1000 + 30'000);
        EXPECT_LE(*health.steady_at(), 1000 + 60'000);
        EXPECT_FALSE(health.steady(*health.steady_at() - 1));
        EXPECT_TRUE(health.steady(*health.steady_at()));
    }
}

TEST(Health, ABreakBeginsAnewAndNewsOfTheSameChangesNothing) {
    SystemRandom random;
    Health health(random);
    health.update(true, 0);
    const auto first = health.steady_at();
    health.update(true, 29'000);
    EXPECT_EQ(health.steady_at(), first);
    health.update(false, 29'500);
    EXPECT_FALSE(health.up());
    EXPECT_FALSE(health.steady(90'000));
    health.update(true, 30'000);
    EXPECT_FALSE(health.steady(59'999));
    EXPECT_TRUE(health.steady(90'000));
}

TEST(Health, MachinesDoNotComeBackInOneMoment) {
    SystemRandom random;
    std::int64_t least = steady_jitter_ms;
    std::int64_t most = 0;
    for (int i = 0; i < 500; ++i) {
        const std::int64_t each = jitter(random, steady_jitter_ms);
        least = std::min(least, each);
        most = std::max(most, each);
    }
    EXPECT_LT(least, steady_jitter_ms / 10);
    EXPECT_GT(most, steady_jitter_ms * 9 / 10);
}

} // namespace
} // namespace envmesh::node
