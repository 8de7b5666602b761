// SPDX-License-Identifier: MIT
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

namespace envmesh::storage {
namespace {

using OwnTest = CellStoreTest;
using sync::Hlc;

std::vector<Hlc> times(const Result<std::vector<sync::Cell>>& cells) {
    std::vector<Hlc> out;
    for (const auto& cell : cells.value())
        out.push_back(cell.hlc);
    return out;
}

TEST_F(OwnTest, ProgressIsKeptAcrossOpening) {
    constexpr Hlc high = ~Hlc{0} - 1;
    {
        auto cells = store();
        EXPECT_EQ(cells.last().value(), 0U);
        EXPECT_EQ(cells.acknowledged().value(), 0U);
        EXPECT_TRUE(cells.versions().value().empty());
        ASSERT_TRUE(cells.set_last(5));
        ASSERT_TRUE(cells.set_last(high));
        ASSERT_TRUE(cells.set_acknowledged(7));
        ASSERT_TRUE(cells.set_version(id_of<sync::DeviceId>(1), 3));
        ASSERT_TRUE(cells.set_version(id_of<sync::DeviceId>(1), 4));
        ASSERT_TRUE(cells.set_version(id_of<sync::DeviceId>(2), high));
    }
    database.reset();
    database = opened(file);
    EXPECT_EQ(store().last().value(), high);
    EXPECT_EQ(store().acknowledged().value(), 7U);
    const sync::VersionVector expected{{id_of<sync::DeviceId>(1), 4},
                                       {id_of<sync::DeviceId>(2), high}};
    EXPECT_EQ(store().versions().value(), expected);
}

TEST_F(OwnTest, NewestIsTheLargestOfAllBits) {
    auto cells = store();
    EXPECT_EQ(cells.newest_of(id_of<sync::DeviceId>(1)).value(), 0U);
    ASSERT_TRUE(cells.put(cell_of(1, 1, 9)));
    ASSERT_TRUE(cells.put(cell_of(2, 1, ~Hlc{0})));
    ASSERT_TRUE(cells.put(cell_of(3, 2, 50)));
    EXPECT_EQ(cells.newest_of(id_of<sync::DeviceId>(1)).value(), ~Hlc{0});
    ASSERT_TRUE(cells.put(cell_of(2, 1, 8))); // re-stamped under a corrected clock (S2)
    EXPECT_EQ(cells.newest_of(id_of<sync::DeviceId>(1)).value(), 9U);
}

TEST_F(OwnTest, OutboxHoldsOneChangeOfARecordByteForByte) {
    auto cells = store();
    ASSERT_TRUE(cells.outbox_put(cell_of(2, 1, 10)));
    ASSERT_TRUE(cells.outbox_put(cell_of(1, 1, 11)));
    ASSERT_TRUE(cells.outbox_put(cell_of(2, 1, 12, 5000)));
    EXPECT_EQ(times(cells.outbox()), (std::vector<Hlc>{11, 12}));
    EXPECT_TRUE(same(cells.outbox().value().at(1), cell_of(2, 1, 12, 5000)));
    ASSERT_TRUE(cells.outbox_erase(id_of<sync::RecordId>(1)));
    ASSERT_TRUE(cells.outbox_erase(id_of<sync::RecordId>(1)));
    EXPECT_EQ(cells.outbox_size().value(), 1U);
}

TEST_F(OwnTest, MemberKeepsTheTenLatestSupersededChanges) {
    auto cells = store(true);
    for (Hlc hlc = 1; hlc <= 15; ++hlc)
        ASSERT_TRUE(cells.put(cell_of(1, 1, hlc)));
    ASSERT_TRUE(cells.put(cell_of(1, 1, 15))); // the same again supersedes nothing
    EXPECT_EQ(times(cells.history(id_of<sync::RecordId>(1))),
              (std::vector<Hlc>{14, 13, 12, 11, 10, 9, 8, 7, 6, 5}));
    EXPECT_TRUE(same(cells.history(id_of<sync::RecordId>(1)).value().at(0), cell_of(1, 1, 14)));
    EXPECT_TRUE(cells.history(id_of<sync::RecordId>(2)).value().empty());
}

TEST_F(OwnTest, ServerKeepsNoHistory) {
    auto cells = store(false);
    ASSERT_TRUE(cells.put(cell_of(1, 1, 1)));
    ASSERT_TRUE(cells.put(cell_of(1, 1, 2)));
    ASSERT_TRUE(cells.history_add(cell_of(1, 1, 1)));
    EXPECT_TRUE(cells.history(id_of<sync::RecordId>(1)).value().empty());
}

TEST_F(OwnTest, LosersAreKeptOnceAndForNinetyDays) {
    auto cells = store(true);
    ASSERT_TRUE(cells.history_add(cell_of(1, 1, 1)));
    ASSERT_TRUE(cells.history_add(cell_of(1, 1, 1)));
    EXPECT_EQ(times(cells.history(id_of<sync::RecordId>(1))), (std::vector<Hlc>{1}));
    clock.now += std::int64_t{90} * 86'400'000;
    ASSERT_TRUE(cells.history_add(cell_of(2, 1, 2)));
    EXPECT_EQ(cells.history(id_of<sync::RecordId>(1)).value().size(), 1U);
    clock.now += 1;
    ASSERT_TRUE(cells.history_add(cell_of(3, 1, 3)));
    EXPECT_TRUE(cells.history(id_of<sync::RecordId>(1)).value().empty());
    EXPECT_EQ(cells.history(id_of<sync::RecordId>(2)).value().size(), 1U);
}

} // namespace
} // namespace envmesh::storage
