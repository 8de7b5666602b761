// SPDX-License-Identifier: MIT
#include "core/sync/session.h"

#include "tests/support/sync_world.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

struct SessionTest : testing::Test {
    Node one{1, Part::member};
    Node two{2, Part::member};
    Node server{101, Part::server};

    static void live(Link& link) {
        ASSERT_TRUE(link.client.start().has_value());
        ASSERT_TRUE(link.run().has_value());
        ASSERT_TRUE(link.client.in_sync());
        ASSERT_TRUE(link.server.in_sync());
    }
    /// Types of what waits at an end.
    static std::vector<int> types(const std::deque<Bytes>& queue) {
        std::vector<int> out;
        for (const Bytes& bytes : queue)
            out.push_back(bytes[0]);
        return out;
    }
};

TEST_F(SessionTest, a_round_makes_both_sides_equal_and_empties_the_outbox) {
    one.set("A", "1");
    ASSERT_TRUE(run_round(one, server).has_value());
    two.set("B", "2");
    Link link(two, server);
    live(link);
    EXPECT_EQ(two.value("A"), "1");
    EXPECT_EQ(two.store.outbox_size().value(), 0U);
    EXPECT_EQ(two.store.digest().value(), server.store.digest().value());
    EXPECT_EQ(link.client.counters().received_cells, 1U);
    EXPECT_EQ(link.client.counters().sent_cells, 1U);
    EXPECT_EQ(link.client.counters().expected_cells, 1U);
}

TEST_F(SessionTest, equal_nodes_exchange_no_cells) {
    one.set("A", "1");
    ASSERT_TRUE(run_round(one, server).has_value());
    Link link(one, server);
    live(link);
    EXPECT_EQ(link.client.counters().received_cells + link.client.counters().sent_cells, 0U);
}

TEST_F(SessionTest, a_live_write_is_one_push_and_one_transaction_on_each_side) {
    Link link(one, server);
    live(link);
    const int here = one.store.transactions();
    const int there = server.store.transactions();
    ASSERT_TRUE(link.client.changed(one.set("A", "1")).has_value());
    EXPECT_FALSE(link.client.in_sync());
    EXPECT_EQ(one.store.transactions(), here + 1);
    link.collect();
    EXPECT_EQ(types(link.to_server), std::vector<int>{0x16});
    ASSERT_TRUE(link.deliver(Session::Side::server).has_value());
    EXPECT_EQ(server.store.transactions(), there + 1);
    EXPECT_EQ(link.server.take_applied().size(), 1U);
    ASSERT_TRUE(link.run().has_value());
    EXPECT_TRUE(link.client.in_sync());
    EXPECT_EQ(one.store.outbox_size().value(), 0U);
}

TEST_F(SessionTest, a_push_that_cannot_be_joined_becomes_a_pull) {
    Link link(one, server);
    live(link);
    one.set("A", "never told");
    ASSERT_TRUE(link.client.changed(one.set("B", "2")).has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(server.store.state().cells.size(), 2U);
    EXPECT_TRUE(link.client.in_sync());
    EXPECT_EQ(one.store.outbox_size().value(), 0U);
}

TEST_F(SessionTest, a_write_at_any_moment_of_a_round_arrives_without_another_round) {
    for (int moment = 0; moment < 12; ++moment) {
        Node writer(1, Part::member);
        Node blind(101, Part::server);
        writer.set("A", "1");
        Link link(writer, blind);
        ASSERT_TRUE(link.client.start().has_value());
        for (int i = 0; i < moment && !link.idle(); ++i)
            ASSERT_TRUE(
                link.deliver(link.to_server.empty() ? Session::Side::client : Session::Side::server)
                    .has_value());
        ASSERT_TRUE(link.client.changed(writer.set("B", "2")).has_value());
        ASSERT_TRUE(link.run().has_value());
        EXPECT_EQ(blind.store.digest().value(), writer.store.digest().value()) << moment;
        EXPECT_EQ(writer.store.outbox_size().value(), 0U) << moment;
        EXPECT_TRUE(link.client.in_sync()) << moment;
    }
}

TEST_F(SessionTest, many_changes_become_a_request_to_pull) {
    Link link(one, server, {.batch_cells = 3});
    live(link);
    std::vector<Change> changes(4);
    for (std::size_t i = 0; i < changes.size(); ++i)
        changes[i].name = "V" + std::to_string(i);
    ASSERT_TRUE(link.client.changed(one.replica.write(std::move(changes)).value()).has_value());
    link.collect();
    EXPECT_EQ(types(link.to_server), std::vector<int>{0x1a});
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(server.store.state().cells.size(), 4U);
    EXPECT_TRUE(link.client.in_sync());
}

TEST_F(SessionTest, a_slow_reader_is_asked_to_pull_once_the_queue_is_empty) {
    Link link(one, server, {.outgoing_bytes = 1000});
    live(link);
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(link.client.changed(one.set("V" + std::to_string(i), "x")).has_value());
    link.collect();
    EXPECT_LT(link.to_server.size(), 6U);
    EXPECT_EQ(link.to_server.back()[0], 0x1a);
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(server.store.state().cells.size(), 20U);
    EXPECT_TRUE(link.client.in_sync());
}

TEST_F(SessionTest, a_peer_that_pulls_and_acknowledges_without_reading_grows_nothing) {
    for (int i = 0; i < 40; ++i)
        one.set("V" + std::to_string(i), "x");
    const Limits limits{.batch_cells = 4, .outgoing_bytes = 1000, .answer_bytes = 1000};
    Session session(one.replica, Session::Side::server, server.id, limits);
    for (int i = 0; i < 10'000; ++i)
        ASSERT_TRUE(session.receive(Pull{}).has_value());
    std::vector<int> taken;
    while (const auto bytes = session.take_outgoing().value())
        taken.push_back((*bytes)[0]);
    EXPECT_EQ(taken, (std::vector<int>{0x11, 0x12, 0x12, 0x12, 0x12})) << "one window";
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(session.receive(Ack{}).has_value());
    EXPECT_EQ(session.receive(Ack{}).error().code, Code::protocol) << "of what was not sent";
    EXPECT_EQ(session.counters().sent_cells, 16U);
}

TEST_F(SessionTest, a_peer_that_asks_without_reading_is_cut_off) {
    const Limits limits{.outgoing_bytes = 1000, .answer_bytes = 1000};
    Session session(server.replica, Session::Side::server, one.id, limits);
    Result<> done;
    int asked = 0;
    for (; done && asked < 1000; ++asked)
        done = session.receive(Push{});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::protocol);
    EXPECT_LT(asked, 40);
}

TEST_F(SessionTest, equal_versions_with_other_contents_are_repaired_once) {
    one.set("A", "1");
    ASSERT_TRUE(run_round(one, server).has_value());
    ASSERT_TRUE(run_round(two, server).has_value());
    auto state = server.store.state();
    Cell& damaged = state.cells.begin()->second; // as a faulty disk might
    damaged.hash[0] ^= 1;
    damaged.envelope = one.set("A", "other").cells[0].envelope;
    server.store.restore(state);
    Link link(two, server);
    ASSERT_TRUE(link.client.start().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(link.client.counters().repairs, 1U);
}

TEST_F(SessionTest, a_lost_register_comes_back_by_repair) {
    one.set("A", "1");
    one.set("B", "2");
    ASSERT_TRUE(run_round(one, server).has_value());
    auto state = server.store.state();
    const auto lost = *state.order.begin();
    state.cells.erase({lost.record, lost.device});
    state.order.erase(lost);
    server.store.restore(state);
    Link link(one, server);
    live(link);
    EXPECT_EQ(link.client.counters().repairs, 1U);
    EXPECT_EQ(server.store.digest().value(), one.store.digest().value());
}

TEST_F(SessionTest, a_server_over_its_quota_keeps_nothing_and_the_outbox_stays) {
    one.set("A", "1");
    one.set("B", "2");
    Link link(one, server, {.quota_cells = 1});
    ASSERT_TRUE(link.client.start().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_TRUE(link.client.over_quota());
    EXPECT_FALSE(link.client.in_sync());
    EXPECT_TRUE(server.store.state().cells.empty());
    EXPECT_EQ(one.store.outbox_size().value(), 2U);
    Link larger(one, server, {.quota_cells = 2});
    live(larger);
    EXPECT_FALSE(larger.client.over_quota());
    ASSERT_TRUE(larger.client.changed(one.set("C", "3")).has_value());
    ASSERT_TRUE(larger.run().has_value());
    EXPECT_TRUE(larger.client.over_quota());
    EXPECT_EQ(one.store.outbox_size().value(), 1U);
}

TEST_F(SessionTest, a_refusal_in_the_middle_of_a_stream_is_told_and_the_link_lives) {
    for (int i = 0; i < 40; ++i)
        one.set("V" + std::to_string(i), "x");
    const std::uint64_t cell = one.store.usage()->bytes / 40;
    const Limits small{.batch_cells = 2, .window = 4, .quota_bytes = 10 * cell};
    Link link(one, server, small);
    ASSERT_TRUE(link.client.start().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_TRUE(link.client.over_quota());
    EXPECT_LT(link.client.counters().sent_cells, 20U) << "it stops when it is told";
    EXPECT_TRUE(server.store.state().cells.empty());
    EXPECT_EQ(server.store.inbox_usage()->cells, 0U);
    ASSERT_TRUE(link.client.resync().has_value());
    ASSERT_TRUE(link.run().has_value()) << "it may try again over the same link";
    EXPECT_TRUE(link.client.over_quota());
    EXPECT_EQ(one.store.outbox_size().value(), 40U);
    Link larger(one, server, {.batch_cells = 2, .quota_bytes = 40 * cell});
    live(larger);
}

TEST_F(SessionTest, what_was_refused_passes_over_the_same_link_once_it_fits) {
    const auto set_all = [this](const std::string& value) {
        for (int i = 0; i < 20; ++i)
            one.set("V" + std::to_string(i), value);
    };
    set_all("x");
    const std::uint64_t cell = one.store.usage()->bytes / 20;
    set_all(std::string(4 * cell, 'x'));
    Link link(one, server, {.batch_cells = 2, .window = 4, .quota_bytes = 20 * cell});
    ASSERT_TRUE(link.client.start().has_value());
    ASSERT_TRUE(link.run().has_value());
    ASSERT_TRUE(link.client.over_quota());
    set_all("x");
    ASSERT_TRUE(link.client.resync().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_FALSE(link.client.over_quota());
    EXPECT_EQ(server.store.state().cells.size(), 20U);
    EXPECT_EQ(one.store.outbox_size().value(), 0U);
}

TEST_F(SessionTest, an_offer_that_crosses_a_refusal_is_answered_after_the_old_stream) {
    for (int i = 0; i < 20; ++i)
        one.set("V" + std::to_string(i), "x");
    const Limits small{.batch_cells = 1, .window = 4, .quota_cells = 5};
    Link link(one, server, small);
    ASSERT_TRUE(link.client.start().has_value());
    link.collect();
    while (!link.to_server.empty() || !link.to_client.empty()) {
        const bool refused = !link.to_client.empty() && link.to_client.back()[0] == 0x19;
        if (refused) break;
        const auto to = link.to_server.empty() ? Session::Side::client : Session::Side::server;
        ASSERT_TRUE(link.deliver(to).has_value());
        link.collect();
    }
    ASSERT_FALSE(link.to_client.empty());
    Offer offer{.versions = one.store.state().versions, .digest = {}};
    link.to_server.push_front(encode(Message(offer)));
    ASSERT_TRUE(link.run().has_value());
    EXPECT_TRUE(link.client.over_quota());
    EXPECT_TRUE(server.store.state().cells.empty());
    EXPECT_TRUE(server.store.state().versions.empty());
}

TEST_F(SessionTest, an_interrupted_pull_resumes_where_it_stopped) {
    for (int i = 0; i < 40; ++i)
        one.set("V" + std::to_string(i), "x");
    ASSERT_TRUE(run_round(one, server).has_value());
    const Limits small{.batch_cells = 4, .window = 1};
    {
        Link link(two, server, small);
        ASSERT_TRUE(link.client.start().has_value());
        while (link.client.counters().received_cells < 20 && !link.idle())
            ASSERT_TRUE(
                link.deliver(link.to_server.empty() ? Session::Side::client : Session::Side::server)
                    .has_value());
        ASSERT_TRUE(link.client.close().has_value());
    }
    EXPECT_TRUE(two.store.state().cells.empty());
    Link link(two, server, small);
    live(link);
    EXPECT_EQ(link.client.counters().received_cells, 20U);
    EXPECT_EQ(two.store.digest().value(), server.store.digest().value());
}

TEST_F(SessionTest, what_is_not_authentic_is_dropped_and_counted) {
    one.set("A", "1");
    ASSERT_TRUE(run_round(one, server).has_value());
    two.authority.refused.insert(one.id);
    Link link(two, server);
    ASSERT_TRUE(link.client.start().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(link.client.counters().rejected_cells, 1U);
    EXPECT_TRUE(two.store.state().versions.empty());
}

TEST_F(SessionTest, messages_out_of_turn_end_the_link_and_change_nothing) {
    Session session(one.replica, Session::Side::client, server.id, {});
    EXPECT_EQ(session.receive(Begin{}).error().code, Code::protocol);
    EXPECT_EQ(session.receive(Batch{}).error().code, Code::protocol);
    EXPECT_EQ(session.receive(End{}).error().code, Code::protocol);
    EXPECT_TRUE(session.receive(Applied{{{one.id, ~Hlc{0}}}}).has_value());
    EXPECT_TRUE(session.receive(Settled{{{one.id, ~Hlc{0}}}, Hash{}}).has_value());
    EXPECT_TRUE(one.store.state().versions.empty());
    EXPECT_EQ(one.store.state().acknowledged, 0U);
}

TEST_F(SessionTest, a_member_that_serves_learns_that_its_own_changes_arrived) {
    two.set("A", "of the serving member");
    Link link(one, two);
    live(link);
    EXPECT_EQ(one.value("A"), "of the serving member");
    EXPECT_EQ(two.store.outbox_size().value(), 0U);
    ASSERT_TRUE(link.server.changed(two.set("B", "live")).has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(one.value("B"), "live");
    EXPECT_EQ(two.store.outbox_size().value(), 0U);
    EXPECT_TRUE(link.server.in_sync());
}

TEST_F(SessionTest, either_side_may_ask_for_another_round) {
    Link link(one, two);
    live(link);
    one.set("A", "1"); // not told to the session
    two.set("B", "2");
    ASSERT_TRUE(link.server.resync().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_EQ(one.store.digest().value(), two.store.digest().value());
    ASSERT_TRUE(link.client.resync().has_value());
    ASSERT_TRUE(link.client.resync().has_value());
    ASSERT_TRUE(link.run().has_value());
    EXPECT_TRUE(link.client.in_sync());
}

} // namespace
} // namespace envmesh::test
