// SPDX-License-Identifier: MIT
#include "core/mesh/mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr RendezvousId rv{1};
constexpr MeshId mesh{7};
constexpr Mailbox::Recipient member = 1;
constexpr Mailbox::Recipient joiner = 2;
constexpr Mailbox::Recipient stranger = 3;

/// What was sent, in a form to compare and to print: "2: j1 5 bytes", "1: DENIED".
std::vector<std::string> told(const Mailbox::Deliveries& deliveries) {
    std::vector<std::string> out;
    for (const auto& [to, bytes] : deliveries) {
        const auto message = decode_mail(bytes);
        std::string line = std::to_string(to) + ": ";
        if (const auto* error = std::get_if<MailError>(&*message)) line += wire_name(error->code);
        if (const auto* filled = std::get_if<MailSlotFilled>(&*message))
            line +=
                std::vector{"j1", "a1", "j2", "a2"}.at(static_cast<std::size_t>(filled->slot) - 1) +
                (" " + std::to_string(filled->bytes.size()));
        out.push_back(line);
    }
    return out;
}

struct MailboxOf : testing::Test {
    Mailbox mailbox;
    std::int64_t now_ms = 1000;

    std::vector<std::string> says(Mailbox::Recipient from, const MailMessage& message,
                                  const MeshId& of = mesh) {
        return told(mailbox.from_member(from, of, message, now_ms));
    }
    std::vector<std::string> asks(Mailbox::Recipient from, const MailMessage& message) {
        return told(mailbox.from_joiner(from, message, now_ms));
    }
    static MailWrite write(MailSlot slot, std::size_t size) { return {rv, slot, Bytes(size, 5)}; }
    void begin() {
        EXPECT_THAT(says(member, MailOpen{rv, 60}), IsEmpty());
        EXPECT_THAT(asks(joiner, write(MailSlot::j1, 10)), ElementsAre("1: j1 10"));
    }
};

TEST_F(MailboxOf, CarriesTheFourSlots) {
    begin();
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), IsEmpty());
    EXPECT_THAT(says(member, write(MailSlot::a1, 11)), ElementsAre("2: a1 11"));
    EXPECT_THAT(asks(joiner, write(MailSlot::j2, 12)), ElementsAre("1: j2 12"));
    EXPECT_THAT(says(member, write(MailSlot::a2, 13)), IsEmpty());
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a2}), ElementsAre("2: a2 13"));
}

TEST_F(MailboxOf, WhoeverWroteJ1OfAnOpenBoxIsJoining) {
    asks(joiner, write(MailSlot::j1, 10));
    EXPECT_FALSE(mailbox.is_joining(joiner)) << "nobody has opened the box";
    begin();
    EXPECT_TRUE(mailbox.is_joining(joiner));
    EXPECT_FALSE(mailbox.is_joining(member));
    asks(stranger, write(MailSlot::j1, 10));
    EXPECT_FALSE(mailbox.is_joining(stranger));
    EXPECT_FALSE(mailbox.is_joining(joiner)) << "a second writer ended it";
}

TEST_F(MailboxOf, UnknownClosedAndExpiredAreNotFound) {
    EXPECT_THAT(asks(joiner, write(MailSlot::j1, 1)), ElementsAre("2: NOT_FOUND"));
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), ElementsAre("2: NOT_FOUND"));
    EXPECT_THAT(says(member, write(MailSlot::a1, 1)), ElementsAre("1: NOT_FOUND"));
    begin();
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), IsEmpty());
    EXPECT_THAT(says(member, MailClose{rv}), ElementsAre("2: UNREACHABLE")); // it was waiting
    EXPECT_THAT(asks(joiner, write(MailSlot::j1, 1)), ElementsAre("2: NOT_FOUND"));
    begin();
    now_ms += 59'999;
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), IsEmpty());
    now_ms += 1;
    EXPECT_THAT(asks(stranger, write(MailSlot::j1, 1)),
                UnorderedElementsAre("1: NOT_FOUND", "2: NOT_FOUND", "3: NOT_FOUND"));
}

TEST_F(MailboxOf, TheTimeEndsABoxOfItself) {
    EXPECT_FALSE(mailbox.next_end());
    begin();
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), IsEmpty());
    ASSERT_TRUE(mailbox.next_end());
    const std::int64_t end = *mailbox.next_end();
    EXPECT_TRUE(mailbox.expire(end - 1).empty());
    EXPECT_EQ(mailbox.expire(end).size(), 2U) << "the member, and the joiner that waits";
    EXPECT_FALSE(mailbox.next_end());
}

TEST_F(MailboxOf, ASecondWriterEndsItForAllWhoTakePart) {
    begin();
    EXPECT_THAT(asks(stranger, write(MailSlot::j1, 1)),
                UnorderedElementsAre("1: DENIED", "2: DENIED", "3: DENIED"));
    EXPECT_THAT(asks(joiner, write(MailSlot::j2, 1)), ElementsAre("2: DENIED"));
    EXPECT_THAT(says(member, write(MailSlot::a1, 1)), ElementsAre("1: DENIED"));
    // A member that was away when it happened learns of it.
    EXPECT_THAT(says(9, MailOpen{rv, 60}), ElementsAre("9: DENIED"));
}

TEST_F(MailboxOf, OnlyTheFirstWriterGoesOn) {
    begin();
    EXPECT_THAT(says(member, write(MailSlot::a1, 11)), IsEmpty());
    EXPECT_THAT(asks(stranger, MailRead{rv, MailSlot::a1}), ElementsAre("3: DENIED"));
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), ElementsAre("2: a1 11")); // still open
    EXPECT_THAT(asks(stranger, write(MailSlot::j2, 1)),
                UnorderedElementsAre("1: DENIED", "2: DENIED", "3: DENIED"));
}

TEST_F(MailboxOf, SlotsAreWrittenOnceAlsoByTheirOwners) {
    begin();
    EXPECT_THAT(asks(joiner, write(MailSlot::j1, 10)),
                UnorderedElementsAre("1: DENIED", "2: DENIED"));
    says(member, MailClose{rv});
    begin();
    EXPECT_THAT(says(member, write(MailSlot::a1, 11)), IsEmpty());
    EXPECT_THAT(says(member, write(MailSlot::a1, 11)), IsEmpty()); // the same, sent again
    EXPECT_THAT(says(member, write(MailSlot::a1, 12)),
                UnorderedElementsAre("1: DENIED", "2: DENIED"));
}

TEST_F(MailboxOf, EachSideSaysOnlyWhatIsItsOwn) {
    begin();
    for (const MailMessage& bad :
         {MailMessage(MailOpen{rv, 60}), MailMessage(MailClose{rv}),
          MailMessage(write(MailSlot::a1, 1)), MailMessage(MailRead{rv, MailSlot::j1}),
          MailMessage(MailSlotFilled{rv, MailSlot::a1, {}}),
          MailMessage(MailError{rv, Code::denied})})
        EXPECT_THAT(asks(joiner, bad), ElementsAre("2: INVALID")) << bad.index();
    for (const MailMessage& bad :
         {MailMessage(write(MailSlot::j2, 1)), MailMessage(MailRead{rv, MailSlot::a1}),
          MailMessage(MailSlotFilled{rv, MailSlot::a1, {}}),
          MailMessage(MailError{rv, Code::denied})})
        EXPECT_THAT(says(member, bad), ElementsAre("1: INVALID")) << bad.index();
    EXPECT_THAT(says(member, write(MailSlot::a1, 1)), IsEmpty()); // none of it did harm
}

TEST_F(MailboxOf, AnotherMeshOrConnectionDoesNotReachTheBox) {
    begin();
    const MeshId other{8};
    EXPECT_THAT(says(9, MailOpen{rv, 60}, other), ElementsAre("9: DENIED"));
    EXPECT_THAT(says(9, write(MailSlot::a1, 1), other), ElementsAre("9: DENIED"));
    EXPECT_THAT(says(9, write(MailSlot::a1, 1)), ElementsAre("9: DENIED"));
    EXPECT_THAT(says(9, MailClose{rv}, other), IsEmpty());
    EXPECT_THAT(says(9, MailClose{rv}), ElementsAre("9: DENIED"));
    EXPECT_THAT(says(member, write(MailSlot::a1, 1)), IsEmpty());
}

TEST_F(MailboxOf, SizesAndTimesAreBounded) {
    EXPECT_THAT(says(member, MailOpen{rv, 0}), ElementsAre("1: INVALID"));
    EXPECT_THAT(says(member, MailOpen{rv, 3601}), ElementsAre("1: INVALID"));
    EXPECT_THAT(says(member, MailOpen{rv, 3600}), IsEmpty());
    EXPECT_THAT(asks(joiner, write(MailSlot::j2, 1)), ElementsAre("2: INVALID")); // before j1
    EXPECT_THAT(asks(joiner, write(MailSlot::j1, 4097)), ElementsAre("2: INVALID"));
    EXPECT_THAT(asks(joiner, write(MailSlot::j1, 4096)), ElementsAre("1: j1 4096"));
    EXPECT_THAT(says(member, write(MailSlot::a1, 65'537)), ElementsAre("1: INVALID"));
    EXPECT_THAT(says(member, write(MailSlot::a1, 65'536)), IsEmpty());
}

TEST_F(MailboxOf, AMemberThatComesBackIsToldWhatItMissed) {
    EXPECT_THAT(says(member, MailOpen{rv, 60}), IsEmpty());
    EXPECT_THAT(told(mailbox.disconnected(member)), IsEmpty());
    EXPECT_THAT(asks(joiner, write(MailSlot::j1, 10)), IsEmpty());
    EXPECT_THAT(says(9, MailOpen{rv, 60}), ElementsAre("9: j1 10"));
    EXPECT_THAT(says(9, write(MailSlot::a1, 1)), IsEmpty());
    EXPECT_THAT(asks(joiner, write(MailSlot::j2, 12)), ElementsAre("9: j2 12"));
    EXPECT_THAT(says(10, MailOpen{rv, 3600}), ElementsAre("10: j1 10", "10: j2 12"));
    now_ms += 60'000; // coming back has not made it last longer
    EXPECT_THAT(says(10, write(MailSlot::a2, 1)), ElementsAre("10: NOT_FOUND", "10: NOT_FOUND"));
}

TEST_F(MailboxOf, AJoinerThatLeftIsNotWrittenAndTheMemberIsTold) {
    begin();
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a1}), IsEmpty());
    EXPECT_THAT(told(mailbox.disconnected(stranger)), IsEmpty());
    EXPECT_THAT(told(mailbox.disconnected(joiner)), ElementsAre("1: UNREACHABLE"));
    EXPECT_THAT(says(member, write(MailSlot::a1, 11)), ElementsAre("1: UNREACHABLE"));
    EXPECT_THAT(says(9, MailOpen{rv, 60}), ElementsAre("9: UNREACHABLE")); // it was away then
}

TEST_F(MailboxOf, AJoinerMayLeaveOnceItsReplyIsThere) {
    begin();
    EXPECT_THAT(says(member, write(MailSlot::a2, 13)), IsEmpty());
    EXPECT_THAT(told(mailbox.disconnected(joiner)), IsEmpty());
}

TEST_F(MailboxOf, TheReplyCanBeFetchedAMinuteAfterTheMemberLeft) {
    begin();
    EXPECT_THAT(says(member, write(MailSlot::a2, 13)), IsEmpty());
    now_ms += 10'000;
    EXPECT_THAT(says(member, MailClose{rv}), IsEmpty());
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a2}), ElementsAre("2: a2 13"));
    now_ms += 50'000; // the box's own end comes first
    EXPECT_THAT(asks(joiner, MailRead{rv, MailSlot::a2}), ElementsAre("2: NOT_FOUND"));
}

TEST_F(MailboxOf, AMeshHasEightBoxes) {
    for (std::uint8_t i = 0; i < Mailbox::most_open_per_mesh; ++i)
        EXPECT_THAT(says(member, MailOpen{RendezvousId{i}, 60}), IsEmpty());
    EXPECT_THAT(says(member, MailOpen{RendezvousId{99}, 60}), ElementsAre("1: CONFLICT"));
    EXPECT_THAT(says(9, MailOpen{RendezvousId{99}, 60}, MeshId{8}), IsEmpty());
    EXPECT_THAT(says(member, MailOpen{RendezvousId{0}, 60}), IsEmpty()); // again is not more
    now_ms += 60'000;
    says(member, MailOpen{RendezvousId{99}, 60});
    EXPECT_THAT(says(member, MailOpen{RendezvousId{98}, 60}), IsEmpty());
}

TEST_F(MailboxOf, AServerHasSoManyBoxesAndBytes) {
    std::size_t refused_bytes = 0;
    for (unsigned i = 0; i < Mailbox::most_open; ++i) {
        const auto high = static_cast<std::uint8_t>(i >> 8U);
        const auto low = static_cast<std::uint8_t>(i);
        const RendezvousId each{high, low};
        const Mailbox::Recipient from = 100 + i;
        EXPECT_THAT(says(from, MailOpen{each, 60}, MeshId{high, low}), IsEmpty());
        const MailWrite large{each, MailSlot::a1, Bytes(most_admin_slot_bytes)};
        refused_bytes += says(from, large, MeshId{high, low}).size();
    }
    EXPECT_EQ(refused_bytes, Mailbox::most_open - Mailbox::most_bytes / most_admin_slot_bytes);
    EXPECT_THAT(says(member, MailOpen{RendezvousId{0xff}, 60}), ElementsAre("1: CONFLICT"));
}

TEST_F(MailboxOf, AFloodIsAnsweredOnce) {
    std::size_t answers = 0;
    for (unsigned i = 0; i < 10 * Mailbox::most_messages_a_minute; ++i)
        answers += asks(stranger, MailRead{rv, MailSlot::a1}).size();
    EXPECT_EQ(answers, Mailbox::most_messages_a_minute + 1);
    begin(); // others are not hindered
    now_ms += 60'000;
    EXPECT_THAT(asks(stranger, MailRead{rv, MailSlot::a1}).size(), 2U); // and `member`: expired
}

} // namespace
} // namespace envmesh::mesh
