// SPDX-License-Identifier: MIT
#include "core/mesh/beacon.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

constexpr std::int64_t day = std::int64_t{24} * 60 * 60 * 1000;
constexpr std::int64_t now = 20'000 * day + day / 2;

class BeaconTest : public testing::Test {
  protected:
    SystemRandom random_;
    Keyring ours_ = Keyring::create(random_);
    Keyring theirs_ = Keyring::create(random_);
};

TEST_F(BeaconTest, MembersKnowTheirOwnAndNobodyElseDoes) {
    const BeaconText text = make_beacon(ours_, random_, now);
    EXPECT_TRUE(is_our_beacon(text, ours_, now));
    EXPECT_FALSE(is_our_beacon(text, theirs_, now));
    EXPECT_NE(make_beacon(ours_, random_, now), text) << "it would be followed from net to net";
}

TEST_F(BeaconTest, HoldsForADayAroundItsOwn) {
    const BeaconText text = make_beacon(ours_, random_, now);
    for (const int days : {-1, 0, 1})
        EXPECT_TRUE(is_our_beacon(text, ours_, now + days * day)) << days;
    for (const int days : {-2, 2, 4000})
        EXPECT_FALSE(is_our_beacon(text, ours_, now + days * day)) << days;
}

TEST_F(BeaconTest, AnEarlierEpochIsKnownToWhoeverHasItsKey) {
    const BeaconText before = make_beacon(ours_, random_, now);
    Block<32> next{};
    random_.fill(next);
    ours_.add(77, Key(next));
    ours_.make_current(77);
    EXPECT_TRUE(is_our_beacon(before, ours_, now));
    EXPECT_TRUE(is_our_beacon(make_beacon(ours_, random_, now), ours_, now));
}

TEST_F(BeaconTest, AnythingElseIsNot) {
    const BeaconText good = make_beacon(ours_, random_, now);
    for (const char* key : {"v", "n", "t"}) {
        BeaconText text = good;
        text.erase(key);
        EXPECT_FALSE(is_our_beacon(text, ours_, now)) << key;
        for (const char* value : {"", "2", "zz", "00", "0011223344556677", "001122334455667788"}) {
            text[key] = value;
            EXPECT_FALSE(is_our_beacon(text, ours_, now)) << key << value;
        }
    }
    BeaconText more = good;
    more["x"] = "of a newer version";
    EXPECT_TRUE(is_our_beacon(more, ours_, now));
}

} // namespace
} // namespace envmesh::mesh
