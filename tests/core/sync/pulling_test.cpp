// SPDX-License-Identifier: MIT
#include "core/sync/pulling.h"

#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

struct PullingTest : testing::Test {
    Node writer{1, Part::member};
    Node node{2, Part::member};
    PeerId peer = device(101);
    Pulling pulling{node.replica, peer, {.unstaged_batches = 1}};
    std::vector<Cell> cells;
    VersionVector target;

    void SetUp() override {
        for (const char* name : {"A", "B", "C", "D"})
            cells.push_back(writer.set(name, "x").cells[0]);
        target = writer.store.state().versions;
    }
    Pull start(Pulling::Extent extent = Pulling::Extent::missing) {
        return std::get<Pull>(pulling.start(extent).value());
    }
    Result<> batch(std::initializer_list<int> which) {
        Batch batch;
        for (const int i : which)
            batch.checked.emplace_back(cells[static_cast<std::size_t>(i)]);
        return pulling.batch(std::move(batch));
    }
    std::optional<Resume> resume() { return node.store.inbox_resume(peer).value(); }
};

TEST_F(PullingTest, asks_for_own_changes_that_were_never_acknowledged) {
    node.set("X", "1");
    EXPECT_EQ(version_of(start().versions, node.id), 0U);
    ASSERT_TRUE(node.replica.acknowledge(~Hlc{0}).has_value());
    EXPECT_EQ(version_of(start().versions, node.id), node.store.state().acknowledged);
    EXPECT_TRUE(start(Pulling::Extent::full).versions.empty());
}

TEST_F(PullingTest, nothing_shows_before_the_end) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({0, 1}).has_value());
    ASSERT_TRUE(batch({2}).has_value());
    EXPECT_TRUE(node.store.state().cells.empty());
    EXPECT_TRUE(node.store.state().versions.empty());
    ASSERT_TRUE(batch({3}).has_value());
    EXPECT_EQ(pulling.end({})->cells.size(), 4U);
    EXPECT_EQ(node.store.state().versions, target);
    EXPECT_FALSE(resume().has_value());
}

TEST_F(PullingTest, remembers_how_far_it_came) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({1, 0}).has_value()) << "in any order within a batch";
    EXPECT_EQ(resume()->target, target);
    EXPECT_EQ(resume()->cursor, cursor_of(cells[1]));
    EXPECT_EQ(start().resume->cursor, cursor_of(cells[1]));
}

TEST_F(PullingTest, keeps_the_old_place_until_it_is_passed) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({0, 1}).has_value());
    start();
    VersionVector later = target;
    later[device(9)] = 7;
    ASSERT_TRUE(pulling.begin({.resumed = true, .target = later}).has_value());
    Cell early = cells[0]; // came since, and sorts before the old place
    early.device = device(9);
    early.hlc = 7;
    Batch first;
    first.checked.emplace_back(early);
    ASSERT_TRUE(pulling.batch(std::move(first)).has_value());
    EXPECT_EQ(resume()->target, target);
    EXPECT_EQ(resume()->cursor, cursor_of(cells[1]));
    ASSERT_TRUE(batch({2}).has_value());
    EXPECT_EQ(resume()->target, later);
    EXPECT_EQ(resume()->cursor, cursor_of(cells[2]));
}

TEST_F(PullingTest, in_a_later_pass_the_one_before_is_complete) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({0, 1, 2}).has_value());
    VersionVector later = target;
    later[device(9)] = 7;
    ASSERT_TRUE(pulling.begin({.target = later}).has_value());
    ASSERT_TRUE(batch({3}).has_value());
    EXPECT_EQ(resume()->target, target);
    EXPECT_EQ(resume()->cursor.hlc, ~Hlc{0});
}

TEST_F(PullingTest, a_sender_that_starts_over_makes_us_forget) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({0}).has_value());
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    EXPECT_FALSE(resume().has_value());
}

TEST_F(PullingTest, a_broken_link_keeps_what_was_only_in_memory) {
    Pulling lazy(node.replica, peer, {.unstaged_batches = 100});
    ASSERT_TRUE(lazy.start(Pulling::Extent::missing).has_value());
    ASSERT_TRUE(lazy.begin({.target = target}).has_value());
    Batch batch;
    batch.checked.emplace_back(cells[0]);
    ASSERT_TRUE(lazy.batch(std::move(batch)).has_value());
    EXPECT_FALSE(resume().has_value());
    ASSERT_TRUE(lazy.suspend().has_value());
    EXPECT_TRUE(resume().has_value());
}

TEST_F(PullingTest, out_of_turn_ends_the_link) {
    EXPECT_EQ(pulling.begin({}).error().code, Code::protocol);
    EXPECT_EQ(batch({0}).error().code, Code::protocol);
    EXPECT_EQ(pulling.end({}).error().code, Code::protocol);
    start();
    EXPECT_EQ(batch({0}).error().code, Code::protocol);
    EXPECT_EQ(pulling.begin({.resumed = true, .target = {}}).error().code, Code::protocol)
        << "there is nothing to resume";
    EXPECT_TRUE(node.store.state().cells.empty());
}

} // namespace
} // namespace envmesh::test
