// SPDX-License-Identifier: MIT
#include "core/sync/serving.h"

#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

struct ServingTest : testing::Test {
    Node node{1, Part::member};
    Serving serving{node.store, {.batch_cells = 2, .window = 2}};

    void fill(int count) {
        for (int i = 0; i < count; ++i)
            node.set("V" + std::to_string(i), "x");
    }
    /// All that may be sent for now.
    static std::vector<Message> sent(Serving& serving) {
        std::vector<Message> out;
        while (auto message = serving.next().value())
            out.push_back(std::move(*message));
        return out;
    }
    std::vector<Message> start(Pull request) {
        serving.start(std::move(request));
        return sent(serving);
    }
    std::vector<Message> acknowledged() {
        EXPECT_TRUE(serving.acknowledged().has_value());
        return sent(serving);
    }
    /// "bTTe": begin, two batches (by size), end.
    static std::string shape(const std::vector<Message>& messages) {
        std::string out;
        for (const Message& message : messages) {
            if (std::holds_alternative<Begin>(message)) out += 'b';
            if (std::holds_alternative<End>(message)) out += 'e';
            if (wants_check(message)) out += std::to_string(cells_to_check(message));
        }
        return out;
    }
};

TEST_F(ServingTest, nothing_to_send_is_a_beginning_and_an_end) {
    EXPECT_EQ(shape(start({})), "be");
    EXPECT_FALSE(serving.active());
}

TEST_F(ServingTest, waits_for_acknowledgements_beyond_the_window) {
    fill(7);
    const auto first = start({});
    EXPECT_EQ(shape(first), "b22");
    EXPECT_EQ(std::get<Begin>(first[0]).expected, 7U);
    EXPECT_TRUE(serving.active());
    EXPECT_EQ(shape(acknowledged()), "2");
    EXPECT_EQ(shape(acknowledged()), "1");
    EXPECT_EQ(shape(acknowledged()), "e");
    EXPECT_EQ(shape(acknowledged()), "") << "the acknowledgement of the last";
}

TEST_F(ServingTest, an_acknowledgement_out_of_nothing_ends_the_link) {
    fill(9);
    ASSERT_EQ(shape(start({})), "b22");
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(serving.acknowledged().has_value());
    EXPECT_EQ(serving.acknowledged().error().code, Code::protocol);
}

TEST_F(ServingTest, makes_nothing_before_it_is_asked_for) {
    fill(5);
    for (int i = 0; i < 10; ++i)
        serving.start({});
    EXPECT_EQ(serving.acknowledged().error().code, Code::protocol) << "nothing is out";
    EXPECT_TRUE(std::holds_alternative<Begin>(serving.next().value().value()));
    node.set("LATE", "x");
    serving.start({});
    const auto again = sent(serving);
    EXPECT_EQ(shape(again), "b22");
    EXPECT_EQ(std::get<Begin>(again[0]).target, node.store.state().versions);
}

TEST_F(ServingTest, sends_only_what_is_newer_than_asked) {
    fill(2);
    const VersionVector known = node.store.state().versions;
    node.set("V0", "y");
    const auto newer = start({known, {}});
    EXPECT_EQ(shape(newer), "b1e");
    EXPECT_EQ(std::get<Begin>(newer[0]).target, node.store.state().versions);
}

TEST_F(ServingTest, what_changes_while_streaming_comes_in_another_pass) {
    fill(5);
    ASSERT_EQ(shape(start({})), "b22");
    Node other(2, Part::member);
    other.clock.wall -= 1'000'000; // its change sorts before all that was sent
    const Delta delta = other.set("EARLY", "x");
    ASSERT_TRUE(node.replica.apply(Node::received(other, delta), delta.to).has_value());
    EXPECT_EQ(shape(acknowledged()), "1");
    const auto rest = acknowledged();
    EXPECT_EQ(shape(rest), "b1");
    EXPECT_EQ(std::get<Begin>(rest[0]).target, node.store.state().versions);
    EXPECT_EQ(shape(acknowledged()), "e");
}

TEST_F(ServingTest, resumes_and_still_sends_what_came_since) {
    fill(4);
    const VersionVector target = node.store.state().versions;
    const auto all = node.store.scan({}, nullptr, {}, 9, 1 << 20U).value();
    node.set("V0", "again");
    const auto rest = start({{}, Resume{target, cursor_of(all[2])}});
    EXPECT_TRUE(std::get<Begin>(rest[0]).resumed);
    EXPECT_EQ(shape(rest), "b2e") << "the fourth, and the new one";
}

TEST_F(ServingTest, a_resume_from_a_state_that_we_do_not_have_starts_over) {
    fill(2);
    VersionVector target = node.store.state().versions;
    target[node.id] += 5;
    const auto all = start({{}, Resume{target, {~Hlc{0}, {}, {}}}});
    EXPECT_FALSE(std::get<Begin>(all[0]).resumed);
    EXPECT_EQ(shape(all), "b2e");
}

} // namespace
} // namespace envmesh::test
