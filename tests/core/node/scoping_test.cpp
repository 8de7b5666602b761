// SPDX-License-Identifier: MIT
#include "core/node/scoping.h"

#include <gtest/gtest.h>

namespace envmesh::node {
namespace {

const std::string own = "device/" + std::string(32, 'a');
const std::string others = "device/" + std::string(32, 'b');

sync::Reading reading(const std::string& scope) {
    sync::Reading out;
    out.variable.scope = scope;
    return out;
}

std::string strongest_scope(const std::vector<std::string>& scopes, const Ranking& ranking) {
    std::vector<sync::Reading> readings;
    for (const std::string& scope : scopes)
        readings.push_back(reading(scope));
    const auto* const found = strongest(readings, ranking);
    return found == nullptr ? "(none)" : found->variable.scope;
}

TEST(Ranking, ADeviceIsOverProfilesAndThoseAreOverWhatIsShared) {
    const Ranking ranking(own, {"dev", "eu"});
    EXPECT_GT(ranking.of(own), ranking.of("profile/eu"));
    EXPECT_GT(ranking.of("profile/eu"), ranking.of("profile/dev"));
    EXPECT_GT(ranking.of("profile/dev"), ranking.of("shared"));
    EXPECT_GT(ranking.of("shared"), 0U);
}

TEST(Ranking, WhatIsNotForThisMachineDoesNotCount) {
    const Ranking ranking(own, {"dev"});
    for (const std::string& scope : {others, std::string("profile/eu"), std::string("profile/"),
                                     std::string("profile/de"), std::string("profile/dev2"),
                                     std::string("device/dev"), std::string("dev"), std::string()})
        EXPECT_EQ(ranking.of(scope), 0U) << scope;
    EXPECT_EQ(Ranking(own, {}).of("profile/dev"), 0U);
}

TEST(Ranking, AProfileNamedTwiceStandsWhereItWasNamedLast) {
    const Ranking ranking(own, {"dev", "eu", "dev"});
    EXPECT_GT(ranking.of("profile/dev"), ranking.of("profile/eu"));
    EXPECT_GT(ranking.of(own), ranking.of("profile/dev"));
}

TEST(Strongest, DoesNotDependOnTheOrder) {
    const Ranking ranking(own, {"dev"});
    EXPECT_EQ(strongest_scope({"shared", "profile/dev", own, others}, ranking), own);
    EXPECT_EQ(strongest_scope({others, own, "profile/dev", "shared"}, ranking), own);
    EXPECT_EQ(strongest_scope({"profile/dev", others, "shared"}, ranking), "profile/dev");
    EXPECT_EQ(strongest_scope({"profile/eu", "shared"}, ranking), "shared");
    EXPECT_EQ(strongest_scope({"profile/eu", others}, ranking), "(none)");
    EXPECT_EQ(strongest_scope({}, ranking), "(none)");
}

} // namespace
} // namespace envmesh::node
