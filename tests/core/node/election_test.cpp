// SPDX-License-Identifier: MIT
#include "core/node/election.h"

#include <gtest/gtest.h>

namespace envmesh::node {
namespace {

crypto::DeviceId device(std::uint8_t first) {
    crypto::DeviceId id{};
    id[0] = first;
    return id;
}

class ElectionTest : public testing::Test {
  protected:
    /// The first moment from `from` on at which it serves (or no longer does); none within two
    /// minutes.
    std::optional<std::int64_t> moment(bool serving, const Election::View& view,
                                       std::int64_t from) {
        for (std::int64_t now = from; now < from + 120'000; ++now) {
            election_.update(view, now);
            if (election_.serving() == serving) return now;
        }
        return std::nullopt;
    }

    SystemRandom random_;
    Election election_{device(5), random_};
    const Election::View alone_{true, false, false, {}};
    const Election::View with_cloud_{true, true, false, {}};
    const Election::View with_steady_cloud_{true, true, true, {}};
};

TEST_F(ElectionTest, StandsOneToTwoSecondsAfterAllElseIsGone) {
    const auto begun = moment(true, alone_, 500);
    ASSERT_TRUE(begun);
    EXPECT_GE(*begun, 1500);
    EXPECT_LE(*begun, 2500);
}

TEST_F(ElectionTest, TellsWhenToLookAgain) {
    election_.update(alone_, 0);
    ASSERT_TRUE(election_.next());
    election_.update(alone_, *election_.next() - 1);
    EXPECT_FALSE(election_.serving());
    election_.update(alone_, *election_.next());
    EXPECT_TRUE(election_.serving());
    EXPECT_FALSE(election_.next());
}

TEST_F(ElectionTest, DoesNotStandWithACloudOrAServerOrAgainstTheConfiguration) {
    for (const Election::View& view :
         {with_cloud_, Election::View{true, false, false, device(9)}, Election::View{}}) {
        EXPECT_FALSE(moment(true, view, 0));
        EXPECT_FALSE(election_.next());
    }
}

TEST_F(ElectionTest, AServerThatAppearsInTimeIsEnough) {
    election_.update(alone_, 0);
    election_.update({true, false, false, device(9)}, 900);
    election_.update(alone_, 950);
    EXPECT_GE(*election_.next(), 950 + stand_after_ms);
}

TEST_F(ElectionTest, WaitsALittleForAServerThatWasJustAnnouncedAndNotForEver) {
    Election::View view = alone_;
    view.announced = true;
    const auto begun = moment(true, view, 0);
    ASSERT_TRUE(begun);
    EXPECT_GE(*begun, stand_after_ms + hold_ms);
    EXPECT_LE(*begun, stand_after_ms + stand_jitter_ms + hold_ms);
}

TEST_F(ElectionTest, WhatWasPutRightNeedNotWait) {
    const std::int64_t begun = *moment(true, alone_, 0);
    election_.failed(begun);
    election_.try_again();
    EXPECT_LE(*moment(true, alone_, begun), begun + stand_after_ms + stand_jitter_ms);
}

TEST_F(ElectionTest, YieldsToALowerServerAndToNoHigherOne) {
    const std::int64_t begun = *moment(true, alone_, 0);
    EXPECT_FALSE(moment(false, {true, false, false, device(6)}, begun + 100'000));
    EXPECT_EQ(moment(false, {true, false, false, device(4)}, begun + 300'000), begun + 360'000);
}

TEST_F(ElectionTest, YieldsToASteadyCloudAndToNoOtherOne) {
    const std::int64_t begun = *moment(true, alone_, 0);
    EXPECT_FALSE(moment(false, with_cloud_, begun + 100'000));
    EXPECT_EQ(moment(false, with_steady_cloud_, begun + 300'000), begun + 360'000);
}

TEST_F(ElectionTest, AReasonToYieldMustLast) {
    const std::int64_t begun = *moment(true, alone_, 0);
    election_.update(with_steady_cloud_, begun + 100'000);
    election_.update(alone_, begun + 159'000);
    election_.update(with_steady_cloud_, begun + 159'001);
    election_.update(with_steady_cloud_, begun + 160'000);
    EXPECT_TRUE(election_.serving());
}

TEST_F(ElectionTest, ChangesItsRoleAtMostOnceAMinute) {
    std::int64_t last = -between_roles_ms;
    bool serving = false;
    int changes = 0;
    for (std::int64_t now = 0; now < 600'000; now += 50) {
        const bool flapping_up = now / 5'000 % 2 == 1;
        election_.update(
            now < 300'000 ? Election::View{true, flapping_up, false, {}} : with_steady_cloud_, now);
        if (election_.serving() == serving) continue;
        serving = election_.serving();
        EXPECT_GE(now - last, between_roles_ms);
        last = now;
        ++changes;
    }
    EXPECT_EQ(changes, 2) << "it stands once while the cloud flaps, and yields when that is over";
}

TEST_F(ElectionTest, StopsAtOnceWhenTheConfigurationForbidsIt) {
    const std::int64_t begun = *moment(true, alone_, 0);
    election_.update({}, begun + 1);
    EXPECT_FALSE(election_.serving());
    EXPECT_EQ(moment(true, alone_, begun + 2), begun + 1 + between_roles_ms);
}

TEST_F(ElectionTest, WhoCannotServeTriesAgainAfterAMinute) {
    const std::int64_t begun = *moment(true, alone_, 0);
    election_.failed(begun + 5);
    EXPECT_FALSE(election_.serving());
    EXPECT_EQ(moment(true, alone_, begun + 6), begun + 5 + between_roles_ms);
}

} // namespace
} // namespace envmesh::node
