// SPDX-License-Identifier: MIT
#include "core/sync/replica.h"

#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

TEST(Replica, reads_what_it_wrote) {
    Node node(1, Part::member);
    const Delta delta = node.set("A", "1");
    EXPECT_EQ(node.value("A"), "1");
    EXPECT_EQ(node.value("B"), "");
    const auto reading = node.replica.read("shared", "A").value();
    EXPECT_TRUE(reading->pending);
    EXPECT_EQ(reading->conflicts, 0U);
    EXPECT_EQ(delta.cells.size(), 1U);
    EXPECT_EQ(delta.from, (VersionVector{{node.id, 0}}));
    EXPECT_EQ(delta.to, node.store.state().versions);
}

TEST(Replica, own_stamps_increase_whatever_the_clock_does) {
    Node node(1, Part::member);
    Hlc before = 0;
    for (const std::int64_t wall : {std::int64_t{1'000}, std::int64_t{-5}, std::int64_t{1'000},
                                    std::int64_t{0}, (std::int64_t{1} << 45U)}) {
        node.clock.wall = wall;
        const Hlc now = node.set("A", "x").to.begin()->second;
        EXPECT_GT(now, before);
        before = now;
    }
}

TEST(Replica, several_changes_are_one_transaction_or_none) {
    Node node(1, Part::member);
    const auto changes = [] {
        std::vector<Change> out(3);
        out[0].name = "A";
        out[1].name = "B";
        out[2].name = "C";
        return out;
    };
    const int before = node.store.transactions();
    node.store.fail_put_after(2);
    EXPECT_EQ(node.replica.write(changes()).error().code, Code::storage);
    EXPECT_TRUE(node.store.state().cells.empty());
    EXPECT_TRUE(node.store.state().versions.empty());
    EXPECT_TRUE(node.store.state().outbox.empty());
    EXPECT_EQ(node.store.state().last, 0U);
    node.store.fail_put_after(-1);
    EXPECT_EQ(node.replica.write(changes())->cells.size(), 3U);
    EXPECT_EQ(node.store.transactions(), before + 2);
}

TEST(Replica, two_changes_of_one_variable_leave_the_later) {
    Node node(1, Part::member);
    std::vector<Change> changes(2);
    changes[0].name = changes[1].name = "A";
    changes[0].value = Secret("old");
    changes[1].value = Secret("new");
    const auto delta = node.replica.write(std::move(changes));
    EXPECT_EQ(delta->cells.size(), 1U);
    EXPECT_EQ(delta->cells[0].hlc, delta->to.begin()->second);
    EXPECT_EQ(node.value("A"), "new");
}

TEST(Replica, refuses_what_is_not_a_variable_and_keeps_nothing) {
    Node node(1, Part::member);
    const auto refused = [&](Change change) {
        std::vector<Change> changes(1);
        changes[0] = std::move(change);
        const auto written = node.replica.write(std::move(changes));
        return !written && written.error().code == Code::invalid;
    };
    EXPECT_TRUE(refused({.name = "1A"}));
    EXPECT_TRUE(refused({.scope = "nowhere", .name = "A"}));
    EXPECT_TRUE(refused({.name = "A", .value = Secret(std::string(most_value + 1, 'x'))}));
    EXPECT_TRUE(refused({.name = "A", .tags = {{1, Bytes(4097)}}}));
    EXPECT_TRUE(refused({.name = "A", .tags = std::vector<Tag>(17)}));
    EXPECT_TRUE(refused({.name = "A",
                         .value = Secret(std::string(most_value, 'x')),
                         .tags = std::vector<Tag>(16, Tag{1, Bytes(4096)})}));
    EXPECT_TRUE(node.store.state().cells.empty());
    Node server(101, Part::server);
    EXPECT_EQ(server.replica.write(std::vector<Change>(1)).error().code, Code::denied);
}

TEST(Replica, a_deletion_looks_like_an_edit) {
    Node node(1, Part::member);
    const auto set = node.set("A", std::string(5000, 'x'));
    const auto erased = node.erase("A");
    EXPECT_EQ(set.cells[0].envelope.size(), erased.cells[0].envelope.size());
    EXPECT_EQ(node.value("A"), "deleted");
    Node other(2, Part::member);
    ASSERT_TRUE(other.replica.apply(Node::received(node, erased), erased.to).has_value());
    other.set("B", "x");
    EXPECT_EQ(other.erase("A").cells[0].envelope.size(), set.cells[0].envelope.size())
        << "as large as the largest that it covers";
}

TEST(Replica, reads_all_records_once_with_their_conflicts) {
    Node one(1, Part::member);
    Node two(2, Part::member);
    one.set("A", "1");
    two.set("B", "2");
    const auto left = one.set("C", "left");
    const auto right = two.set("C", "right");
    VersionVector to = two.store.state().versions;
    std::vector<Cell> cells;
    for (const auto& [key, cell] : two.store.state().cells)
        cells.push_back(cell);
    ASSERT_TRUE(one.replica.apply(cells, to).has_value());
    std::map<std::string, std::size_t> seen;
    const auto visit = [&](Reading reading) -> Result<> {
        EXPECT_TRUE(seen.emplace(reading.variable.name, reading.conflicts).second);
        return {};
    };
    ASSERT_TRUE(one.replica.read_all(visit).has_value());
    EXPECT_EQ(seen, (std::map<std::string, std::size_t>{{"A", 0}, {"B", 0}, {"C", 1}}));
    one.set("C", "both");
    EXPECT_EQ(one.replica.read("shared", "C").value()->conflicts, 0U) << "the next write resolves";
}

} // namespace
} // namespace envmesh::test
