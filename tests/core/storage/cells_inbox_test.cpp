// SPDX-License-Identifier: MIT
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

namespace envmesh::storage {
namespace {

class InboxTest : public CellStoreTest {
  public:
    static std::vector<sync::Cell> staged(CellStore& cells, const sync::PeerId& peer) {
        std::vector<sync::Cell> out;
        const auto collect = [&](sync::Cell cell) -> Result<> {
            out.push_back(std::move(cell));
            return {};
        };
        EXPECT_TRUE(cells.inbox_each(peer, collect));
        return out;
    }
};
using sync::Cell;
using sync::Resume;

const auto peer = id_of<sync::PeerId>(77);
const auto other = id_of<sync::PeerId>(78);

Resume resume_at(sync::Hlc hlc) {
    return {{{id_of<sync::DeviceId>(1), hlc}, {id_of<sync::DeviceId>(2), ~sync::Hlc{0}}},
            {hlc, id_of<sync::DeviceId>(1), id_of<sync::RecordId>(3)}};
}

TEST_F(InboxTest, StagesTheNewestOfEachRegisterAndWhereItStands) {
    auto cells = store();
    EXPECT_FALSE(cells.inbox_resume(peer).value());
    ASSERT_TRUE(cells.inbox_add(peer, {cell_of(1, 1, 5), cell_of(2, 1, 6)}, resume_at(6)));
    ASSERT_TRUE(cells.inbox_add(peer, {cell_of(1, 1, 4), cell_of(2, 1, 9)}, resume_at(9)));
    ASSERT_TRUE(cells.inbox_add(other, {cell_of(1, 1, 8)}, resume_at(8)));
    const auto resume = cells.inbox_resume(peer).value();
    ASSERT_TRUE(resume);
    EXPECT_EQ(resume->target, resume_at(9).target);
    EXPECT_EQ(resume->cursor, resume_at(9).cursor);
    const auto taken = staged(cells, peer);
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_TRUE(same(taken[0], cell_of(1, 1, 5)));
    EXPECT_TRUE(same(taken[1], cell_of(2, 1, 9)));
    EXPECT_EQ(staged(cells, other).size(), 1U);
}

// Equal hlc: the larger hash, whatever came first (protocol §2.9).
TEST_F(InboxTest, EqualTimesAreDecidedByTheHash) {
    auto cells = store();
    Cell small = cell_of(1, 1, 5, 40);
    Cell large = cell_of(1, 1, 5, 41);
    if (small.hash > large.hash) std::swap(small, large);
    ASSERT_TRUE(cells.inbox_add(peer, {large, small}, {}));
    ASSERT_TRUE(cells.inbox_add(other, {small, large}, {}));
    EXPECT_TRUE(same(staged(cells, peer).at(0), large));
    EXPECT_TRUE(same(staged(cells, other).at(0), large));
}

TEST_F(InboxTest, ClearingForgetsCellsAndPlace) {
    auto cells = store();
    for (const auto& from : {peer, other})
        ASSERT_TRUE(cells.inbox_add(from, {cell_of(1, 1, 5)}, resume_at(5)));
    ASSERT_TRUE(cells.inbox_clear(peer));
    EXPECT_FALSE(cells.inbox_resume(peer).value()) << "a place without its cells would lose them";
    EXPECT_TRUE(staged(cells, peer).empty());
    EXPECT_TRUE(cells.inbox_resume(other).value());
    ASSERT_TRUE(cells.inbox_clear_all());
    EXPECT_FALSE(cells.inbox_resume(other).value());
    EXPECT_TRUE(staged(cells, other).empty());
}

TEST_F(InboxTest, UsageFollowsEveryChangeAndItsUndoing) {
    auto cells = store();
    const auto check = [&](std::uint64_t count, std::uint64_t bytes) {
        const auto fresh = std::make_unique<CellStore>(store());
        for (CellStore* each : {&cells, fresh.get()}) {
            EXPECT_EQ(each->inbox_usage().value().cells, count);
            EXPECT_EQ(each->inbox_usage().value().bytes, bytes);
        }
    };
    check(0, 0);
    ASSERT_TRUE(cells.inbox_add(peer, {cell_of(1, 1, 5, 50), cell_of(2, 1, 6, 60)}, resume_at(6)));
    check(2, 110);
    ASSERT_TRUE(cells.inbox_add(peer, {cell_of(1, 1, 7, 70), cell_of(2, 1, 5, 99)}, resume_at(7)));
    check(2, 130);
    ASSERT_TRUE(cells.inbox_add(other, {cell_of(1, 1, 5, 1)}, resume_at(5)));
    check(3, 131);
    EXPECT_FALSE(cells.transaction([&]() -> Result<> {
        EXPECT_TRUE(cells.inbox_add(peer, {cell_of(3, 1, 8, 1000)}, resume_at(8)));
        EXPECT_TRUE(cells.inbox_clear(other));
        EXPECT_EQ(cells.inbox_usage().value().cells, 3U);
        return fail(Code::denied, "Undo.");
    }));
    check(3, 131);
    EXPECT_EQ(cells.inbox_resume(peer).value()->cursor, resume_at(7).cursor);
    ASSERT_TRUE(cells.inbox_clear(peer));
    check(1, 1);
    ASSERT_TRUE(cells.inbox_clear_all());
    check(0, 0);
}

TEST_F(InboxTest, WhatIsNotResumedForHoursIsForgotten) {
    constexpr std::int64_t hour = 3'600'000;
    auto cells = store();
    ASSERT_TRUE(cells.inbox_add(peer, {cell_of(1, 1, 5)}, resume_at(5)));
    ASSERT_TRUE(cells.inbox_add(other, {cell_of(1, 1, 5)}, resume_at(5)));
    clock.now += 5 * hour;
    ASSERT_TRUE(cells.inbox_add(other, {cell_of(2, 1, 6)}, resume_at(6)));
    ASSERT_TRUE(cells.inbox_expire());
    EXPECT_TRUE(cells.inbox_resume(peer).value());
    clock.now += 2 * hour;
    ASSERT_TRUE(cells.inbox_expire());
    EXPECT_FALSE(cells.inbox_resume(peer).value());
    EXPECT_TRUE(staged(cells, peer).empty());
    EXPECT_EQ(cells.inbox_usage().value().cells, 2U);
    clock.now -= 24 * hour; // it was staged under a wrong clock
    ASSERT_TRUE(cells.inbox_expire());
    EXPECT_EQ(cells.inbox_usage().value().cells, 0U);
}

TEST_F(InboxTest, PlaceThatCannotBeReadIsDamage) {
    auto cells = store();
    ASSERT_TRUE(cells.inbox_add(peer, {}, resume_at(5)));
    for (const char* sql : {"UPDATE resume SET token = substr(token, 1, length(token) - 1)",
                            "UPDATE resume SET token = ''"}) {
        ASSERT_TRUE(database->run(sql));
        EXPECT_EQ(cells.inbox_resume(peer).error().code, Code::corrupt);
    }
}

} // namespace
} // namespace envmesh::storage
