// SPDX-License-Identifier: MIT
#include "core/storage/cells.h"

#include "tests/core/storage/fixture.h"

#include <algorithm>
#include <limits>

namespace envmesh::storage {
namespace {

using ScanTest = CellStoreTest;
using sync::Cell;
using sync::Cursor;
using sync::Hlc;
using sync::Resume;
using sync::VersionVector;

constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

Hlc of(const VersionVector& versions, const sync::DeviceId& device) {
    return versions.contains(device) ? versions.at(device) : 0;
}

/// The contract's sentence, word for word.
std::vector<Cursor> expected(std::vector<Cell> cells, const VersionVector& floor,
                             const Resume* resume, const Cursor& after) {
    std::vector<Cursor> out;
    for (const Cell& cell : cells) {
        const Cursor at = sync::cursor_of(cell);
        if (at <= after || cell.hlc <= of(floor, cell.device)) continue;
        if (resume != nullptr && cell.hlc <= of(resume->target, cell.device) &&
            at <= resume->cursor)
            continue;
        out.push_back(at);
    }
    std::ranges::sort(out);
    return out;
}

std::vector<Cursor> cursors(const std::vector<Cell>& cells) {
    std::vector<Cursor> out;
    for (const Cell& cell : cells)
        out.push_back(sync::cursor_of(cell));
    return out;
}

TEST_F(ScanTest, FindsExactlyWhatAPeerLacks) {
    std::mt19937 random(3);
    const auto below = [&](std::uint32_t end) {
        return static_cast<std::uint32_t>(random() % end);
    };
    auto store = this->store();
    std::vector<Cell> cells;
    for (std::uint32_t record = 0; record < 40; ++record)
        for (std::uint32_t device = 1; device <= 4; ++device) {
            if (below(3) == 0) continue;
            const Hlc hlc = below(20) == 0 ? ~Hlc{0} - below(2) : below(30);
            cells.push_back(cell_of(record, device, hlc));
            ASSERT_TRUE(store.put(cells.back()));
        }
    const auto vector = [&] {
        VersionVector out;
        for (std::uint32_t device = 1; device <= 5; ++device)
            if (below(4) != 0)
                out[id_of<sync::DeviceId>(device)] = below(10) == 0 ? ~Hlc{0} : below(35);
        return out;
    };
    const auto place = [&] {
        return below(4) == 0 ? Cursor{} : sync::cursor_of(cells[below(100)]);
    };
    for (int round = 0; round < 2000; ++round) {
        const VersionVector floor = vector();
        const Resume resume{vector(), place()};
        const Resume* given = below(2) == 0 ? &resume : nullptr;
        const Cursor after = place();
        const auto found = store.scan(floor, given, after, 1000, unbounded).value();
        ASSERT_EQ(cursors(found), expected(cells, floor, given, after)) << round;
    }
}

TEST_F(ScanTest, BatchesJoinWithoutLossOrRepetition) {
    auto store = this->store();
    for (std::uint32_t record = 0; record < 50; ++record) // many of one hlc
        ASSERT_TRUE(store.put(cell_of(record, 1 + record % 3, 1 + record / 20)));
    std::vector<Cursor> seen;
    Cursor after;
    while (true) {
        const auto batch = store.scan({}, nullptr, after, 7, unbounded).value();
        if (batch.empty()) break;
        EXPECT_LE(batch.size(), 7U);
        after = sync::cursor_of(batch.back());
        for (const Cell& cell : batch)
            seen.push_back(sync::cursor_of(cell));
    }
    EXPECT_EQ(seen.size(), 50U);
    EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST_F(ScanTest, StopsOnceEnoughBytesAreCollected) {
    auto store = this->store();
    for (std::uint32_t record = 0; record < 10; ++record)
        ASSERT_TRUE(store.put(cell_of(record, 1, record + 1, 100)));
    EXPECT_EQ(store.scan({}, nullptr, {}, 10, 250).value().size(), 3U);
    EXPECT_EQ(store.scan({}, nullptr, {}, 10, 1).value().size(), 1U);
    EXPECT_TRUE(store.scan({}, nullptr, {}, 0, 100).value().empty());
}

} // namespace
} // namespace envmesh::storage
