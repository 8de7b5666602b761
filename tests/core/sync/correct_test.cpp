// SPDX-License-Identifier: MIT
#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t year = 365 * day;

struct Correct : testing::Test {
    Node node{1, Part::member, Replica::Holding::on};
    Node other{2, Part::member, Replica::Holding::on};
    Node third{3, Part::member, Replica::Holding::on};
    Node server{101, Part::server, Replica::Holding::on};

    void give(Node& from, const Delta& delta) {
        ASSERT_TRUE(node.replica.apply(Node::received(from, delta), delta.to).has_value());
    }
};

TEST_F(Correct, a_restored_device_gives_new_stamps_to_what_it_wrote_under_used_ones) {
    node.set("A", "before");
    ASSERT_TRUE(run_round(node, server).has_value());
    const auto backup = node.store.state();
    node.clock.wall += 10 * day;
    node.set("B", "lost with the disk");
    ASSERT_TRUE(run_round(node, server).has_value());
    node.store.restore(backup);
    node.clock.wall -= 9 * day; // and its clock runs behind
    const Hlc reused = node.set("A", "after").to.at(node.id);
    ASSERT_TRUE(run_round(node, server).has_value());
    EXPECT_GT(node.replica.read("shared", "A").value()->dot.hlc, reused);
    EXPECT_EQ(node.value("B"), "lost with the disk");
    EXPECT_EQ(node.store.outbox_size().value(), 0U);
    other.clock.wall += 10 * day;
    ASSERT_TRUE(run_round(other, server).has_value());
    EXPECT_EQ(other.value("A"), "after") << "without the new stamp the server never asks for it";
    EXPECT_EQ(node.store.digest().value(), server.store.digest().value());
}

TEST_F(Correct, a_change_made_twice_keeps_the_newer_and_the_other_in_the_history) {
    node.set("A", "before");
    ASSERT_TRUE(run_round(node, server).has_value());
    const auto backup = node.store.state();
    node.clock.wall += 10 * day;
    node.set("A", "newer");
    ASSERT_TRUE(run_round(node, server).has_value());
    node.store.restore(backup);
    node.clock.wall -= 9 * day;
    node.set("A", "after the restore");
    ASSERT_TRUE(run_round(node, server).has_value());
    EXPECT_EQ(node.value("A"), "newer");
    EXPECT_EQ(node.store.outbox_size().value(), 0U);
    EXPECT_EQ(node.store.state().history.back().device, node.id);
}

TEST_F(Correct, a_mere_claim_about_us_changes_no_stamp) {
    const Delta written = node.set("A", "1");
    const auto changed = node.replica.reconcile_own({{node.id, ~Hlc{0}}});
    ASSERT_TRUE(changed.has_value());
    EXPECT_TRUE(changed->empty());
    EXPECT_EQ(node.store.state().versions, written.to);
    EXPECT_EQ(node.store.outbox_size().value(), 1U);
}

TEST_F(Correct, a_change_from_the_future_waits_for_its_time_and_moves_no_clock) {
    other.clock.wall += 80 * year;
    give(other, other.set("A", "future"));
    EXPECT_EQ(node.value("A"), "");
    EXPECT_EQ(node.store.count(CellState::held).value(), 1U);
    EXPECT_LT(wall_ms_of(node.set("A", "now").to.at(node.id)), node.clock.wall + day);
    EXPECT_EQ(node.value("A"), "now");
    EXPECT_TRUE(node.replica.reexamine()->empty());
    node.clock.wall += 80 * year;
    EXPECT_EQ(node.replica.reexamine()->size(), 1U);
    EXPECT_EQ(node.value("A"), "future");
    EXPECT_EQ(node.replica.read("shared", "A").value()->conflicts, 1U);
    EXPECT_GT(node.set("A", "last").to.at(node.id), other.store.state().last);
    EXPECT_EQ(node.value("A"), "last");
}

TEST_F(Correct, two_others_ahead_mean_that_our_own_clock_is_behind) {
    other.clock.wall += year;
    third.clock.wall += year;
    give(other, other.set("A", "1"));
    EXPECT_EQ(node.value("A"), "");
    give(third, third.set("B", "2"));
    EXPECT_EQ(node.value("B"), "2");
    EXPECT_EQ(node.replica.reexamine()->size(), 1U);
    EXPECT_EQ(node.value("A"), "1");
}

TEST_F(Correct, a_key_that_came_later_makes_readable) {
    node.authority.unknown_epochs.insert(0);
    const Delta written = other.set("A", "1");
    const auto cell = check_cell(node.authority, written.cells[0].envelope);
    ASSERT_TRUE(node.replica.apply({*cell}, written.to).has_value());
    EXPECT_EQ(node.value("A"), "");
    node.authority.unknown_epochs.clear();
    EXPECT_EQ(node.replica.reexamine()->size(), 1U);
    EXPECT_EQ(node.value("A"), "1");
}

TEST_F(Correct, looks_only_at_what_can_have_changed) {
    ASSERT_TRUE(node.replica.reexamine().has_value());
    node.authority.unknown_epochs.insert(0);
    for (int i = 0; i < 200; ++i) {
        const Delta written = other.set("U" + std::to_string(i), "1");
        const auto cell = check_cell(node.authority, written.cells[0].envelope);
        ASSERT_TRUE(node.replica.apply({*cell}, written.to).has_value());
    }
    third.clock.wall += year;
    for (int i = 0; i < 200; ++i)
        give(third, third.set("H" + std::to_string(i), "1"));
    EXPECT_EQ(node.store.count(CellState::unreadable).value(), 200U);
    EXPECT_EQ(node.store.count(CellState::held).value(), 200U);
    const std::size_t before = node.store.looked_at();
    EXPECT_TRUE(node.replica.reexamine()->empty());
    EXPECT_EQ(node.store.looked_at(), before);
    node.authority.unknown_epochs.clear();
    node.replica.keys_changed();
    EXPECT_EQ(node.replica.reexamine()->size(), 200U);
    EXPECT_EQ(node.store.looked_at(), before + 200);
    node.clock.wall += year;
    EXPECT_EQ(node.replica.reexamine()->size(), 200U);
    EXPECT_EQ(node.value("H199"), "1");
}

TEST_F(Correct, a_clock_that_is_ahead_takes_back_what_nobody_has_seen) {
    node.set("S", "sent");
    ASSERT_TRUE(run_round(node, server).has_value());
    const Hlc sent = node.store.state().acknowledged;
    const std::int64_t truth = node.clock.wall;
    node.clock.wall += 10 * year;
    node.set("A", "1");
    node.set("A", "2");
    node.set("B", "3");
    const auto delta = node.replica.correct_clock(-10 * year);
    ASSERT_TRUE(delta.has_value());
    EXPECT_EQ(delta->from.at(node.id), sent);
    EXPECT_EQ(delta->cells.size(), 2U);
    for (const Cell& cell : delta->cells) {
        EXPECT_GT(cell.hlc, sent);
        EXPECT_LE(wall_ms_of(cell.hlc), truth);
    }
    EXPECT_EQ(node.store.state().versions, delta->to);
    EXPECT_LE(wall_ms_of(node.set("C", "4").to.at(node.id)), truth);
    EXPECT_EQ(node.value("A"), "2");
    ASSERT_TRUE(run_round(node, server).has_value());
    ASSERT_TRUE(run_round(other, server).has_value());
    for (const char* name : {"S", "A", "B", "C"})
        EXPECT_EQ(other.value(name), node.value(name));
    EXPECT_EQ(other.store.count(CellState::held).value(), 0U);
}

TEST_F(Correct, holds_again_what_a_wrong_clock_let_pass) {
    other.clock.wall += year;
    node.clock.wall += year;
    give(other, other.set("A", "future"));
    EXPECT_EQ(node.value("A"), "future");
    node.clock.wall -= year; // someone sets it right
    ASSERT_TRUE(node.replica.correct_clock(0).has_value());
    EXPECT_EQ(node.value("A"), "");
    EXPECT_LE(wall_ms_of(node.set("A", "now").to.at(node.id)), node.clock.wall);
}

TEST_F(Correct, five_minutes_are_no_error) {
    node.set("A", "1");
    EXPECT_TRUE(node.replica.correct_clock(4 * 60'000)->empty());
    EXPECT_EQ(node.replica.clock_offset_ms(), 0);
}

} // namespace
} // namespace envmesh::test
