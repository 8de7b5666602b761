// SPDX-License-Identifier: MIT
#include "core/storage/cell_row.h"

#include "tests/core/storage/fixture.h"

#include <algorithm>

namespace envmesh::storage {
namespace {

using CellRowTest = CellStoreTest;

TEST(StoredHlc, KeepsTheOrderOfAllSixtyFourBits) {
    constexpr sync::Hlc top = std::uint64_t{1} << 63U;
    const std::vector<sync::Hlc> ascending{0, 1, top - 1, top, top + 1, ~sync::Hlc{0}};
    for (const sync::Hlc hlc : ascending)
        EXPECT_EQ(hlc_from(stored(hlc)), hlc);
    EXPECT_TRUE(std::ranges::is_sorted(ascending, {}, stored));
}

TEST_F(CellRowTest, RowThatIsNoCellIsDamage) {
    const auto cell = cell_of(1, 2, 3);
    ASSERT_TRUE(store().put(cell));
    for (const char* sql :
         {"UPDATE cell SET record = x'00'", "UPDATE cell SET device = zeroblob(17)",
          "UPDATE cell SET hash = zeroblob(16)", "UPDATE cell SET hash = ''",
          "UPDATE cell SET state = 3", "UPDATE cell SET state = -1",
          "UPDATE cell SET envelope = zeroblob(40)"}) {
        const auto result = database->transaction([&]() -> Result<> {
            EXPECT_TRUE(database->run(sql));
            const auto visit = [](const sync::Cell&) { return Result<>(); };
            EXPECT_EQ(store().each(visit).error().code, Code::corrupt) << sql;
            return fail(Code::denied, "Undo.");
        });
        EXPECT_FALSE(result);
    }
    EXPECT_TRUE(same(store().find(cell.record, cell.device).value().value(), cell));
}

} // namespace
} // namespace envmesh::storage
