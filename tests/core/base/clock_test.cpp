// SPDX-License-Identifier: MIT
#include "core/base/clock.h"

#include <gtest/gtest.h>

#include <array>

namespace envmesh {
namespace {

TEST(Rfc3339, HasMillisecondsAndLeapDays) {
    EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(951782400123), "2000-02-29T00:00:00.123Z");
    EXPECT_EQ(rfc3339(1795376180999), "2026-11-22T19:36:20.999Z");
    EXPECT_EQ(rfc3339(253402300799999), "9999-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ClocksThatAreWrongByYearsStillPrint) {
    EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_FALSE(rfc3339(1LL << 50).empty());
    EXPECT_FALSE(rfc3339(-(1LL << 50)).empty());
}

TEST(SystemClock, SteadyNeverGoesBackAndWallIsInMilliseconds) {
    SystemClock clock;
    const auto before = clock.steady_ms();
    EXPECT_GE(clock.steady_ms(), before);
    EXPECT_GT(clock.wall_ms(), 1'000'000'000'000); // after 2001, so not in seconds
}

TEST(SystemRandom, FillsAll) {
    SystemRandom random;
    std::array<std::uint8_t, 32> one{};
    std::array<std::uint8_t, 32> two{};
    random.fill(one);
    random.fill(two);
    EXPECT_NE(one, two);
}

} // namespace
} // namespace envmesh
