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
    EXPECT_EQ(pulling.end()->cells.size(), 4U);
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

TEST_F(PullingTest, what_is_staged_counts_from_one_session_to_the_next) {
    Node server(101, Part::server);
    const std::uint64_t room = 2 * cells[0].envelope.size();
    const Limits limits{.quota_bytes = room, .unstaged_batches = 1};
    const auto one_batch = [&](const PeerId& from, std::size_t which) -> Result<> {
        Pulling session(server.replica, from, limits);
        const auto request = std::get<Pull>(session.start(Pulling::Extent::missing).value());
        EXPECT_TRUE(session.begin({.resumed = request.resume.has_value(), .target = target}));
        Batch batch;
        batch.checked.emplace_back(cells[which]);
        if (auto done = session.batch(std::move(batch)); !done) return done;
        return session.suspend();
    };
    EXPECT_TRUE(one_batch(peer, 0));
    EXPECT_TRUE(one_batch(device(102), 1));
    EXPECT_EQ(one_batch(peer, 2).error().code, Code::denied);
    EXPECT_EQ(server.store.inbox_usage()->bytes, room);
}

TEST_F(PullingTest, what_was_given_up_is_forgotten_and_its_rest_ignored) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({0}).has_value());
    ASSERT_TRUE(pulling.abandon().has_value());
    EXPECT_FALSE(resume().has_value());
    EXPECT_TRUE(batch({1}).has_value());
    EXPECT_TRUE(pulling.begin({.target = target}).has_value());
    EXPECT_TRUE(batch({2}).has_value());
    EXPECT_TRUE(pulling.active());
    EXPECT_TRUE(pulling.end()->empty());
    EXPECT_FALSE(pulling.active());
    EXPECT_TRUE(node.store.state().cells.empty());
    EXPECT_FALSE(resume().has_value());
}

TEST_F(PullingTest, a_member_takes_only_so_much) {
    const Limits limits{.pull_cells = 3, .unstaged_batches = 1};
    Pulling modest(node.replica, peer, limits);
    ASSERT_TRUE(modest.start(Pulling::Extent::missing).has_value());
    ASSERT_TRUE(modest.begin({.target = target}).has_value());
    for (std::size_t i = 0; i < 3; ++i) {
        Batch batch;
        batch.checked.emplace_back(cells[i]);
        ASSERT_TRUE(modest.batch(std::move(batch)).has_value());
    }
    Batch batch;
    batch.checked.emplace_back(cells[3]);
    const auto refused = modest.batch(std::move(batch));
    EXPECT_EQ(refused.error().code, Code::protocol);
    EXPECT_NE(refused.error().message.find("3 changes"), std::string::npos);
    EXPECT_FALSE(refused.error().fix.empty());
    EXPECT_EQ(node.store.inbox_usage()->cells, 0U);
}

TEST_F(PullingTest, two_sessions_with_one_peer_do_not_mix_what_they_staged) {
    start();
    ASSERT_TRUE(pulling.begin({.target = target}).has_value());
    ASSERT_TRUE(batch({0, 1}).has_value());
    Pulling later(node.replica, peer, {.unstaged_batches = 1});
    ASSERT_TRUE(later.start(Pulling::Extent::full).has_value()); // forgets what stood there
    ASSERT_TRUE(later.begin({.target = target}).has_value());
    EXPECT_EQ(batch({2}).error().code, Code::conflict);
    EXPECT_EQ(pulling.end().error().code, Code::conflict) << "it would promise the lost ones";
    Batch all;
    for (const Cell& cell : cells)
        all.checked.emplace_back(cell);
    ASSERT_TRUE(later.batch(std::move(all)).has_value());
    EXPECT_EQ(later.end()->cells.size(), 4U);
}

TEST_F(PullingTest, out_of_turn_ends_the_link) {
    EXPECT_EQ(pulling.begin({}).error().code, Code::protocol);
    EXPECT_EQ(batch({0}).error().code, Code::protocol);
    EXPECT_EQ(pulling.end().error().code, Code::protocol);
    start();
    EXPECT_EQ(batch({0}).error().code, Code::protocol);
    EXPECT_EQ(pulling.begin({.resumed = true, .target = {}}).error().code, Code::protocol)
        << "there is nothing to resume";
    EXPECT_TRUE(node.store.state().cells.empty());
}

} // namespace
} // namespace envmesh::test
