// SPDX-License-Identifier: MIT
#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

struct Apply : testing::Test {
    Node writer{1, Part::member};
    Node node{2, Part::member};

    Delta send(const Delta& delta) {
        return node.replica.apply(Node::received(writer, delta), delta.to).value();
    }
};

TEST_F(Apply, says_what_changed_here_and_nothing_the_second_time) {
    const Delta written = writer.set("A", "1");
    const Delta applied = send(written);
    EXPECT_EQ(node.value("A"), "1");
    EXPECT_EQ(applied.from, written.from);
    EXPECT_EQ(applied.to, written.to);
    EXPECT_EQ(applied.cells.size(), 1U);
    EXPECT_TRUE(send(written).empty());
    EXPECT_TRUE(node.store.state().history.empty());
}

TEST_F(Apply, an_older_change_does_not_come_back) {
    const Delta old = writer.set("A", "old");
    const Delta deleted = writer.erase("A");
    send(deleted);
    send(old);
    EXPECT_EQ(node.value("A"), "deleted");
}

TEST_F(Apply, believes_no_claim_beyond_the_cells_held) {
    const Delta written = writer.set("A", "1");
    const VersionVector lie{{writer.id, ~Hlc{0}}, {device(9), 5}};
    ASSERT_TRUE(node.replica.apply(Node::received(writer, written), lie).has_value());
    EXPECT_EQ(node.store.state().versions, written.to);
    ASSERT_TRUE(node.replica.apply({}, lie).has_value());
    EXPECT_EQ(node.store.state().versions, written.to);
}

TEST_F(Apply, leaves_out_what_the_promise_does_not_cover) {
    const Delta first = writer.set("A", "1");
    const Delta second = writer.set("B", "2");
    ASSERT_TRUE(node.replica.apply(Node::received(writer, second), first.to)->empty());
    EXPECT_EQ(node.value("B"), "") << "A may be missing below it";
}

TEST_F(Apply, the_own_clock_moves_above_what_was_seen_but_not_above_claims) {
    node.clock.wall = 0;
    const Delta written = writer.set("A", "1");
    send(written);
    EXPECT_GT(node.set("A", "mine").to.at(node.id), written.to.at(writer.id));
    EXPECT_EQ(node.value("A"), "mine");
}

TEST_F(Apply, one_stamp_on_two_changes_goes_by_hash_everywhere_and_into_the_history) {
    const auto backup = writer.store.state();
    Delta one = writer.set("A", "one");
    writer.store.restore(backup); // a clone of the device, with a clock that stands
    Delta two = writer.set("A", "two");
    ASSERT_EQ(one.to, two.to);
    Node other(3, Part::member);
    send(one);
    send(two);
    ASSERT_TRUE(other.replica.apply(Node::received(writer, two), two.to).has_value());
    ASSERT_TRUE(other.replica.apply(Node::received(writer, one), one.to).has_value());
    EXPECT_EQ(node.value("A"), other.value("A"));
    EXPECT_EQ(node.store.digest().value(), other.store.digest().value());
    EXPECT_EQ(node.store.state().history.size(), 1U);
    EXPECT_EQ(other.store.state().history.size(), 1U);
}

TEST_F(Apply, a_failing_disk_changes_nothing) {
    writer.set("A", "1");
    writer.set("B", "2");
    std::vector<Cell> cells;
    for (const auto& [key, cell] : writer.store.state().cells)
        cells.push_back(cell);
    node.store.fail_put_after(1);
    EXPECT_FALSE(node.replica.apply(cells, writer.store.state().versions).has_value());
    EXPECT_TRUE(node.store.state().cells.empty());
    EXPECT_TRUE(node.store.state().versions.empty());
    EXPECT_EQ(node.store.state().last, 0U);
}

TEST_F(Apply, a_quota_is_exact_and_lets_replacements_through) {
    Node server(101, Part::server);
    const Usage quota{.cells = 1};
    const auto push = [&](const Delta& delta) {
        return server.replica.apply(Node::received(writer, delta), delta.to, quota);
    };
    ASSERT_TRUE(push(writer.set("A", "1")).has_value());
    ASSERT_TRUE(push(writer.set("A", "2")).has_value());
    const auto refused = push(writer.set("B", "3"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_EQ(server.store.state().cells.size(), 1U);
    const Usage bytes{.bytes = 1};
    Node small(102, Part::server);
    const Delta any = writer.set("C", "4");
    EXPECT_FALSE(small.replica.apply(Node::received(writer, any), any.to, bytes).has_value());
}

TEST_F(Apply, an_acknowledgement_clears_what_it_names_and_never_more_than_was_written) {
    const Delta first = writer.set("A", "1");
    const Delta second = writer.set("B", "2");
    ASSERT_TRUE(writer.replica.acknowledge(first.to.at(writer.id)).has_value());
    EXPECT_EQ(writer.store.outbox_size().value(), 1U);
    EXPECT_FALSE(writer.replica.read("shared", "A").value()->pending);
    EXPECT_TRUE(writer.replica.read("shared", "B").value()->pending);
    ASSERT_TRUE(writer.replica.acknowledge(~Hlc{0}).has_value());
    EXPECT_EQ(writer.store.outbox_size().value(), 0U);
    EXPECT_EQ(writer.store.state().acknowledged, second.to.at(writer.id));
}

// The parts are merged one by one: together they must come to the same.
TEST_F(Apply, a_staged_pull_of_many_parts_is_applied_whole_or_not_at_all) {
    constexpr int many = 2500;
    std::vector<Change> changes(many);
    for (int i = 0; i < many; ++i)
        changes[static_cast<std::size_t>(i)].name = "V" + std::to_string(i);
    const Delta written = writer.replica.write(std::move(changes)).value();
    std::vector<Cell> cells = Node::received(writer, written);
    const Cell last = cells.back();
    cells.pop_back();
    const PeerId peer = device(101);
    ASSERT_TRUE(node.store.inbox_add(peer, cells, {written.to, cursor_of(cells.back())}));
    const Usage little{.cells = many - 1};
    EXPECT_EQ(node.replica.apply_pull(peer, {last}, written.to, little).error().code, Code::denied);
    EXPECT_TRUE(node.store.state().cells.empty());
    EXPECT_TRUE(node.store.state().versions.empty());
    EXPECT_EQ(node.store.inbox_usage()->cells, std::uint64_t{many - 1});
    const auto applied = node.replica.apply_pull(peer, {last}, written.to, {.cells = many});
    ASSERT_TRUE(applied.has_value());
    EXPECT_EQ(applied->from, written.from);
    EXPECT_EQ(applied->to, written.to);
    EXPECT_TRUE(applied->partial);
    EXPECT_LT(applied->cells.size(), std::size_t{many});
    EXPECT_EQ(node.store.digest().value(), writer.store.digest().value());
    EXPECT_EQ(node.store.state().versions, written.to);
    EXPECT_EQ(node.store.inbox_usage()->cells, 0U);
    EXPECT_TRUE(node.store.state().history.empty());
}

} // namespace
} // namespace envmesh::test
