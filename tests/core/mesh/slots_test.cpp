// SPDX-License-Identifier: MIT
#include "core/mesh/slots.h"

#include "tests/core/mesh/forge.h"

#include <gtest/gtest.h>

#include <set>

namespace envmesh::mesh {
namespace {

constexpr Block<16> secret{1, 2, 3};
constexpr MailSlot all[] = {MailSlot::j1, MailSlot::a1, MailSlot::j2, MailSlot::a2};

TEST(SlotKeys, NoSlotPassesForAnother) {
    SeededRandom random;
    const SlotKeys keys(secret);
    for (const MailSlot sealed : all)
        for (const MailSlot opened : all) {
            const Bytes bytes = keys.seal(sealed, view("text"), random);
            EXPECT_EQ(keys.open(opened, bytes).has_value(), sealed == opened);
        }
    EXPECT_FALSE(SlotKeys(Block<16>{9}).open(MailSlot::j1, keys.seal(MailSlot::j1, {}, random)));
    EXPECT_FALSE(keys.open(MailSlot::j1, {}));
}

TEST(SlotKeys, SlotsHaveTheirSizes) {
    SeededRandom random;
    const SlotKeys keys(secret);
    constexpr std::size_t overhead = 24 + 16;
    for (const MailSlot slot : all) {
        const bool joiners = slot == MailSlot::j1 || slot == MailSlot::j2;
        const std::size_t most = joiners ? most_joiner_slot_bytes : most_admin_slot_bytes;
        EXPECT_TRUE(keys.open(slot, keys.seal(slot, Bytes(most - overhead), random)));
        EXPECT_FALSE(keys.open(slot, keys.seal(slot, Bytes(most - overhead + 1), random)));
    }
}

TEST(SlotKeys, DigitsDependOnEverythingAndAreSix) {
    const SlotKeys keys(secret);
    const Transcript transcript{keys.rendezvous(), {1}, {2}, {3}};
    std::set<std::string> seen{keys.check(transcript)};
    Transcript other = transcript;
    other.commit[31] ^= 1;
    seen.insert(keys.check(other));
    other = transcript;
    other.a1[0] ^= 1;
    seen.insert(keys.check(other));
    other = transcript;
    other.opening[0] ^= 1;
    seen.insert(keys.check(other));
    seen.insert(SlotKeys(Block<16>{9}).check(transcript));
    EXPECT_EQ(seen.size(), 5U);
}

TEST(SlotKeys, DigitsKeepTheirLeadingZeros) {
    const SlotKeys keys(secret);
    Transcript transcript{keys.rendezvous(), {}, {0, 0}, {}};
    bool leading_zero = false;
    for (unsigned i = 0; i < 200; ++i) {
        transcript.a1[0] = static_cast<std::uint8_t>(i);
        const std::string digits = keys.check(transcript);
        EXPECT_EQ(digits.size(), 6U);
        leading_zero |= digits[0] == '0';
    }
    EXPECT_TRUE(leading_zero);
}

TEST(Slots, ContentsHaveOneForm) {
    const AdminHalf half{{1}, {2}, {3}, {4}};
    EXPECT_EQ(AdminHalf::decode(half.encode())->encode(), half.encode());
    Bytes longer = half.encode();
    longer.push_back(0);
    EXPECT_FALSE(AdminHalf::decode(longer));
    EXPECT_FALSE(AdminHalf::decode(View(half.encode()).first(127)));
    const Opening opening{{{}, "laptop", "linux"}, {5}};
    EXPECT_EQ(Opening::decode(opening.encode())->encode(), opening.encode());
    longer = opening.encode();
    longer.push_back(0);
    EXPECT_FALSE(Opening::decode(longer));
    const auto decodes = [](std::string name, std::string platform) {
        const Opening made{{{}, std::move(name), std::move(platform)}, {}};
        return Opening::decode(made.encode()).has_value();
    };
    EXPECT_TRUE(decodes(std::string(64, 'n'), std::string(32, 'p')));
    EXPECT_FALSE(decodes(std::string(65, 'n'), "p"));
    EXPECT_FALSE(decodes("n", std::string(33, 'p')));
    EXPECT_FALSE(decodes("n\n", "p"));
    EXPECT_FALSE(decodes("n", "\xff"));
}

} // namespace
} // namespace envmesh::mesh
