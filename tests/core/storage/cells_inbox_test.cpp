// SPDX-License-Identifier: MIT
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

namespace envmesh::storage {
namespace {

using InboxTest = CellStoreTest;
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
    const auto taken = cells.inbox_take(peer).value();
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_TRUE(same(taken[0], cell_of(1, 1, 5)));
    EXPECT_TRUE(same(taken[1], cell_of(2, 1, 9)));
    EXPECT_TRUE(cells.inbox_take(peer).value().empty());
    EXPECT_FALSE(cells.inbox_resume(peer).value()) << "a place without its cells would lose them";
    EXPECT_EQ(cells.inbox_take(other).value().size(), 1U);
}

// Equal hlc: the larger hash, whatever came first (protocol §2.9).
TEST_F(InboxTest, EqualTimesAreDecidedByTheHash) {
    auto cells = store();
    Cell small = cell_of(1, 1, 5, 40);
    Cell large = cell_of(1, 1, 5, 41);
    if (small.hash > large.hash) std::swap(small, large);
    ASSERT_TRUE(cells.inbox_add(peer, {large, small}, {}));
    ASSERT_TRUE(cells.inbox_add(other, {small, large}, {}));
    EXPECT_TRUE(same(cells.inbox_take(peer).value().at(0), large));
    EXPECT_TRUE(same(cells.inbox_take(other).value().at(0), large));
}

TEST_F(InboxTest, ClearingForgetsCellsAndPlace) {
    auto cells = store();
    for (const auto& from : {peer, other})
        ASSERT_TRUE(cells.inbox_add(from, {cell_of(1, 1, 5)}, resume_at(5)));
    ASSERT_TRUE(cells.inbox_clear(peer));
    EXPECT_FALSE(cells.inbox_resume(peer).value());
    EXPECT_TRUE(cells.inbox_resume(other).value());
    ASSERT_TRUE(cells.inbox_clear_all());
    EXPECT_FALSE(cells.inbox_resume(other).value());
    EXPECT_TRUE(cells.inbox_take(other).value().empty());
}

TEST_F(InboxTest, TakingIsUndoneWithItsTransaction) {
    auto cells = store();
    ASSERT_TRUE(cells.inbox_add(peer, {cell_of(1, 1, 5)}, resume_at(5)));
    EXPECT_FALSE(cells.transaction([&]() -> Result<> {
        EXPECT_EQ(cells.inbox_take(peer).value().size(), 1U);
        return fail(Code::denied, "Undo.");
    }));
    EXPECT_TRUE(cells.inbox_resume(peer).value());
    EXPECT_EQ(cells.inbox_take(peer).value().size(), 1U);
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
