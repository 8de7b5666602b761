// SPDX-License-Identifier: MIT
#include "core/sync/merge.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace envmesh::sync {
namespace {

const DeviceId a{1};
const DeviceId b{2};
const DeviceId c{3};

Opened cell(const DeviceId& device, Hlc hlc, Context context = {}) {
    Opened out;
    out.dot = {device, hlc};
    out.variable.context = std::move(context);
    return out;
}

/// The dots that show, the winner first.
std::vector<Dot> shown(const std::vector<Opened>& cells) {
    std::vector<Dot> out;
    for (const std::size_t i : visible(cells))
        out.push_back(cells[i].dot);
    return out;
}

TEST(Merge, what_a_later_write_has_seen_is_gone) {
    std::vector<Opened> cells;
    cells.push_back(cell(a, 10));
    cells.push_back(cell(b, 20, {{a, 10}}));
    EXPECT_EQ(shown(cells), (std::vector<Dot>{{b, 20}}));
    cells.push_back(cell(c, 15, {{a, 9}}));
    EXPECT_EQ(shown(cells), (std::vector<Dot>{{b, 20}, {c, 15}})) << "c has seen an older a";
}

TEST(Merge, an_earlier_stamp_does_not_lose_what_it_has_seen) {
    std::vector<Opened> cells;
    cells.push_back(cell(a, 10, {{b, 5}}));
    cells.push_back(cell(b, 7));
    EXPECT_EQ(shown(cells), (std::vector<Dot>{{a, 10}, {b, 7}})) << "a real conflict";
}

TEST(Merge, the_device_breaks_a_tie) {
    std::vector<Opened> cells;
    cells.push_back(cell(b, 10));
    cells.push_back(cell(a, 10));
    EXPECT_EQ(shown(cells).front(), (Dot{b, 10}));
    std::ranges::reverse(cells);
    EXPECT_EQ(shown(cells).front(), (Dot{b, 10}));
}

TEST(Merge, own_context_does_not_dominate_itself) {
    std::vector<Opened> cells;
    cells.push_back(cell(a, 10, {{a, 9}}));
    EXPECT_EQ(shown(cells).size(), 1U);
    EXPECT_TRUE(visible({}).empty());
}

TEST(Merge, a_write_covers_all_it_has_seen) {
    std::vector<Opened> cells;
    cells.push_back(cell(b, 20, {{a, 10}, {c, 3}}));
    cells.push_back(cell(a, 8, {{c, 4}}));
    EXPECT_EQ(context_of(cells), (Context{{a, 10}, {b, 20}, {c, 4}}));
}

TEST(Merge, a_context_stays_within_its_limit) {
    std::vector<Opened> cells;
    for (int i = 0; i < 300; ++i)
        cells.push_back(
            cell(DeviceId{static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i)},
                 static_cast<Hlc>(1000 - i)));
    const Context context = context_of(cells);
    EXPECT_EQ(context.size(), most_context);
    EXPECT_TRUE(std::ranges::is_sorted(context, {}, &Dot::device));
    EXPECT_EQ(context.front().hlc, 1000U) << "the oldest are forgotten";
}

} // namespace
} // namespace envmesh::sync
