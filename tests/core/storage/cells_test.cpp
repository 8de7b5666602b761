// SPDX-License-Identifier: MIT
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

#include <chrono>

namespace envmesh::storage {
namespace {

using CellsTest = CellStoreTest;
using sync::Cell;
using sync::CellState;

std::vector<Cell> all_of(CellStore& store) {
    std::vector<Cell> out;
    EXPECT_TRUE(store.each([&](const Cell& cell) -> Result<> {
        out.push_back(cell);
        return {};
    }));
    return out;
}

TEST_F(CellsTest, RegisterHoldsWhatWasPutLast) {
    auto cells = store();
    ASSERT_TRUE(cells.put(cell_of(1, 1, 10)));
    ASSERT_TRUE(cells.put(cell_of(1, 2, 5)));
    ASSERT_TRUE(cells.put(cell_of(1, 1, 11, 9000)));
    EXPECT_FALSE(cells.find(id_of<sync::RecordId>(2), id_of<sync::DeviceId>(1)).value());
    const auto found = cells.cells_of(id_of<sync::RecordId>(1)).value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_TRUE(same(found[0], cell_of(1, 1, 11, 9000)));
    EXPECT_TRUE(same(found[1], cell_of(1, 2, 5)));
    EXPECT_EQ(all_of(cells).size(), 2U);
}

TEST_F(CellsTest, MeshesDoNotMix) {
    auto one = store();
    CellStore two(*database, Meshes(*database).add(id_of<mesh::MeshId>(2)).value(), clock, false);
    ASSERT_TRUE(one.put(cell_of(1, 1, 10)));
    ASSERT_TRUE(two.put(cell_of(1, 1, 20)));
    EXPECT_EQ(all_of(one).size(), 1U);
    EXPECT_EQ(all_of(two)[0].hlc, 20U);
    EXPECT_EQ(one.newest_of(id_of<sync::DeviceId>(1)).value(), 10U);
    EXPECT_EQ(one.scan({}, nullptr, {}, 10, 1000).value().size(), 1U);
    EXPECT_NE(one.digest().value(), two.digest().value());
}

TEST_F(CellsTest, EachIsOrderedStopsAtAnErrorAndMayReadWithin) {
    auto cells = store();
    for (const std::uint32_t record : {5U, 1U, 3U})
        ASSERT_TRUE(cells.put(cell_of(record, 1, record)));
    std::vector<sync::Hlc> seen;
    const auto stopped = cells.each([&](const Cell& cell) -> Result<> {
        seen.push_back(cell.hlc);
        EXPECT_EQ(all_of(cells).size(), 3U);
        if (seen.size() == 2) return fail(Code::denied, "Enough.");
        return {};
    });
    EXPECT_EQ(stopped.error().code, Code::denied);
    EXPECT_EQ(seen, (std::vector<sync::Hlc>{1, 3}));
    EXPECT_TRUE(cells.put(cell_of(9, 1, 9))) << "a read that was stopped holds no lock";
}

TEST_F(CellsTest, StatesAreFoundAndCounted) {
    auto cells = store();
    for (std::uint32_t record = 0; record < 6; ++record)
        ASSERT_TRUE(cells.put(cell_of(record, 1, record + 1)));
    const auto digest = cells.digest().value();
    const auto device = id_of<sync::DeviceId>(1);
    ASSERT_TRUE(cells.set_state(id_of<sync::RecordId>(2), device, CellState::held));
    ASSERT_TRUE(cells.set_state(id_of<sync::RecordId>(4), device, CellState::unreadable));
    EXPECT_EQ(cells.count(CellState::readable).value(), 4U);
    EXPECT_EQ(cells.count(CellState::held).value(), 1U);
    const auto hlcs = [&](CellState state, sync::Hlc until, const sync::Cursor& after,
                          std::size_t limit) {
        std::vector<sync::Hlc> out;
        const auto found = cells.in_state(state, until, after, limit).value();
        for (const auto& cell : found)
            out.push_back(cell.hlc);
        return out;
    };
    using Hlcs = std::vector<sync::Hlc>;
    EXPECT_EQ(hlcs(CellState::held, ~sync::Hlc{0}, {}, 9), Hlcs{3});
    EXPECT_EQ(hlcs(CellState::unreadable, ~sync::Hlc{0}, {}, 9), Hlcs{5});
    ASSERT_TRUE(cells.set_state(id_of<sync::RecordId>(5), device, CellState::held));
    ASSERT_TRUE(cells.set_state(id_of<sync::RecordId>(0), device, CellState::held));
    EXPECT_EQ(hlcs(CellState::held, ~sync::Hlc{0}, {}, 9), (Hlcs{1, 3, 6}));
    EXPECT_EQ(hlcs(CellState::held, ~sync::Hlc{0}, {}, 2), (Hlcs{1, 3}));
    EXPECT_EQ(hlcs(CellState::held, 3, {}, 9), (Hlcs{1, 3}));
    EXPECT_EQ(hlcs(CellState::held, 6, {1, device, id_of<sync::RecordId>(0)}, 9), (Hlcs{3, 6}));
    EXPECT_EQ(cells.digest().value(), digest) << "a state is not replicated (A2)";
}

TEST_F(CellsTest, DigestIsTheHashOfTheSortedCells) {
    auto cells = store();
    EXPECT_EQ(cells.digest().value(), crypto::hash256({}));
    const auto low = cell_of(1, 2, 0x0102030405060708);
    const auto high = cell_of(2, 1, 3);
    ASSERT_TRUE(cells.put(high));
    EXPECT_EQ(cells.digest().value(), crypto::hash256({high.record, high.device,
                                                       Bytes{0, 0, 0, 0, 0, 0, 0, 3}, high.hash}));
    ASSERT_TRUE(cells.put(low));
    EXPECT_EQ(
        cells.digest().value(),
        crypto::hash256({low.record, low.device, Bytes{1, 2, 3, 4, 5, 6, 7, 8}, low.hash,
                         high.record, high.device, Bytes{0, 0, 0, 0, 0, 0, 0, 3}, high.hash}));
}

TEST_F(CellsTest, UsageAndDigestFollowEveryChangeAndItsUndoing) {
    auto cells = store();
    const auto check = [&](std::uint64_t count, std::uint64_t bytes) {
        const auto fresh_store = std::make_unique<CellStore>(store());
        EXPECT_EQ(cells.usage().value().cells, count);
        EXPECT_EQ(cells.usage().value().bytes, bytes);
        EXPECT_EQ(fresh_store->usage().value().bytes, bytes);
        EXPECT_EQ(cells.digest().value(), fresh_store->digest().value());
    };
    check(0, 0);
    ASSERT_TRUE(cells.put(cell_of(1, 1, 1, 100)));
    ASSERT_TRUE(cells.put(cell_of(2, 1, 2, 100)));
    check(2, 200);
    ASSERT_TRUE(cells.put(cell_of(1, 1, 3, 50)));
    check(2, 150);
    EXPECT_FALSE(cells.transaction([&]() -> Result<> {
        EXPECT_TRUE(cells.put(cell_of(3, 1, 4, 1000)));
        check(3, 1150);
        return fail(Code::denied, "Undo.");
    }));
    check(2, 150);
}

// With envelopes long enough to continue on pages of their own.
TEST_F(CellsTest, ReadsOfADamagedFileFailOrAreRight) {
    auto cells = store();
    for (std::uint32_t record = 0; record < 30; ++record)
        ASSERT_TRUE(cells.put(cell_of(record, 1, record + 1, record % 3 == 0 ? 12000 : 300)));
    database.reset();
    const auto good = contents(file);
    int damaged = 0;
    for (std::size_t page = 1; page < good.size() / 4096; ++page) {
        auto bad = good;
        bad[page * 4096 + 1234] ^= 1;
        write_file(file, bad);
        auto reopened = Database::open(file, key_of(0xa5));
        if (!reopened) continue;
        CellStore read(**reopened, mesh, clock, false);
        std::uint32_t right = 0;
        const auto done = read.each([&](const Cell& cell) -> Result<> {
            EXPECT_TRUE(same(cell, cell_of(right, 1, right + 1, right % 3 == 0 ? 12000 : 300)));
            ++right;
            return {};
        });
        if (done)
            EXPECT_EQ(right, 30U) << page;
        else
            EXPECT_EQ(done.error().code, Code::corrupt) << page;
        damaged += done ? 0 : 1;
    }
    EXPECT_GT(damaged, 30);
}

TEST_F(CellsTest, TenThousandCellsGoIntoOneTransaction) {
    auto cells = store();
    std::vector<Cell> made;
    std::mt19937 random(1);
    for (std::uint32_t n = 0; n < 10000; ++n) {
        made.push_back(cell_of(n, n % 5, n + 1, 416));
        for (std::uint8_t& byte : made.back().record)
            byte = static_cast<std::uint8_t>(random());
    }
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(cells.transaction([&]() -> Result<> {
        for (const Cell& cell : made)
            if (auto done = cells.put(cell); !done) return done;
        return {};
    }));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    RecordProperty("rows_per_second", static_cast<int>(10000 / took.count()));
    EXPECT_EQ(cells.usage().value().cells, 10000U);
}

} // namespace
} // namespace envmesh::storage
