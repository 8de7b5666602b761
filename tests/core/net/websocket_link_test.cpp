// SPDX-License-Identifier: MIT
#include "core/net/websocket.h"

#include "tests/core/net/support.h"

namespace envmesh::net {
namespace {

Task<> receive_into(Link& link, std::optional<Result<Bytes>>& out) {
    out = co_await link.receive();
}

class WebSocketLinkTest : public testing::Test {
  protected:
    void connect(Timeouts timeouts) {
        Listener::Limits limits;
        limits.timeouts = timeouts;
        listener_ = test::listen(io_, limits);
        pair_ = test::run(io_, test::make_pair(*listener_, timeouts));
        ASSERT_TRUE(pair_.client);
        ASSERT_TRUE(pair_.server);
    }
    void receive_at_both(TaskGroup& tasks) {
        tasks.spawn(receive_into(*pair_.server, at_server_));
        tasks.spawn(receive_into(*pair_.client, at_client_));
    }
    void TearDown() override {
        pair_ = {};
        test::run(io_, test::join_all(*listener_));
    }

    asio::io_context io_;
    std::unique_ptr<Listener> listener_;
    test::Pair pair_;
    std::optional<Result<Bytes>> at_server_, at_client_;
};

Task<> send_into(Link& link, Bytes message, std::optional<Result<>>& out) {
    auto sending = link.send(std::move(message));
    out = co_await std::move(sending);
}
Task<bool> both_ways(Link& from, Link& to, Bytes message) {
    auto executor = co_await asio::this_coro::executor;
    std::optional<Result<>> sent;
    TaskGroup tasks(executor);
    Bytes copy = message;
    auto sending = send_into(from, std::move(copy), sent);
    tasks.spawn(std::move(sending));
    auto received = co_await to.receive();
    co_await tasks.join();
    co_return sent && *sent&& received && *received == message;
}
Task<bool> polite_end(Link& link) {
    co_await link.finish();
    co_return true;
}

TEST_F(WebSocketLinkTest, CarriesMessagesBothWaysAndBindsToTheConnection) {
    connect({});
    EXPECT_EQ(pair_.client->channel_binding(), pair_.server->channel_binding());
    EXPECT_NE(pair_.client->channel_binding(), Block<32>{});
    EXPECT_EQ(pair_.server->path(), "/v1/sync");
    EXPECT_EQ(pair_.client->remote(), "127.0.0.1:" + std::to_string(listener_->port()));
    EXPECT_TRUE(test::run(io_, both_ways(*pair_.client, *pair_.server, Bytes{1, 2, 3})));
    EXPECT_TRUE(test::run(io_, both_ways(*pair_.server, *pair_.client, Bytes(4096, 7))));
    EXPECT_TRUE(test::run(io_, both_ways(*pair_.server, *pair_.client, Bytes{})));
    pair_.client->set_most_bytes(most_bytes_after_authentication);
    EXPECT_TRUE(test::run(io_, both_ways(*pair_.server, *pair_.client, Bytes(1024 * 1024, 7))));
}

TEST_F(WebSocketLinkTest, AnOverLongMessageEndsTheLink) {
    connect({.close = std::chrono::milliseconds(100)});
    EXPECT_TRUE(test::run(io_, pair_.client->send(Bytes(4097))));
    EXPECT_EQ(test::run(io_, pair_.server->receive()).error().code, Code::protocol);
    EXPECT_EQ(test::run(io_, pair_.server->receive()).error().code, Code::unreachable);
    EXPECT_EQ(test::run(io_, pair_.server->send(Bytes{1})).error().code, Code::unreachable);
    EXPECT_EQ(test::run(io_, pair_.client->receive()).error().code, Code::unreachable);
}

TEST_F(WebSocketLinkTest, WhatWasSentBeforeFinishArrives) {
    connect({.close = std::chrono::milliseconds(100)});
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(test::run(io_, pair_.client->send(Bytes(4096)))); // unread when the end comes
    EXPECT_TRUE(test::run(io_, pair_.server->send(Bytes{42})));
    std::optional<Result<Bytes>> received;
    TaskGroup tasks(io_.get_executor());
    tasks.spawn(receive_into(*pair_.client, received));
    test::run(io_, polite_end(*pair_.server));
    while (tasks.size() > 0)
        io_.run_one();
    ASSERT_TRUE(received && *received);
    EXPECT_EQ(**received, Bytes{42});
    EXPECT_EQ(test::run(io_, pair_.client->receive()).error().code, Code::unreachable);
}

TEST_F(WebSocketLinkTest, CloseEndsARunningReceive) {
    connect({});
    std::optional<Result<Bytes>> received;
    TaskGroup tasks(io_.get_executor());
    tasks.spawn(receive_into(*pair_.client, received));
    io_.poll();
    pair_.client->close();
    pair_.client->close();
    while (tasks.size() > 0)
        io_.run_one();
    EXPECT_EQ(received->error().code, Code::unreachable);

    tasks.spawn(receive_into(*pair_.server, received)); // may find the end, or be cancelled
    test::run(io_, test::join_all(tasks));
}

TEST_F(WebSocketLinkTest, CancellationEndsBothReceives) {
    connect({});
    std::optional<Result<Bytes>> received;
    TaskGroup tasks(io_.get_executor());
    tasks.spawn(receive_into(*pair_.server, received));
    tasks.spawn(receive_into(*pair_.client, received));
    io_.poll();
    test::run(io_, test::join_all(tasks));
    EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(WebSocketLinkTest, ASendThatNobodyReadsEndsAtItsLimitOrWithItsTask) {
    connect({.ping = std::chrono::milliseconds(50)});
    std::optional<Result<>> sent;
    TaskGroup tasks(io_.get_executor());
    tasks.spawn(send_into(*pair_.client, Bytes(32 * 1024 * 1024), sent));
    while (tasks.size() > 0)
        io_.run_one();
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->error().code, Code::timeout);

    tasks.spawn(send_into(*pair_.server, Bytes(32 * 1024 * 1024), sent));
    io_.poll();
    test::run(io_, test::join_all(tasks));
}

TEST_F(WebSocketLinkTest, PingsKeepAnIdleLinkAlive) {
    connect({.ping = std::chrono::milliseconds(30)});
    TaskGroup tasks(io_.get_executor());
    receive_at_both(tasks);
    test::run(io_, sleep_for(std::chrono::milliseconds(300)));
    EXPECT_FALSE(at_server_);
    EXPECT_FALSE(at_client_);
    test::run(io_, test::join_all(tasks));
}

TEST_F(WebSocketLinkTest, APeerThatMissesTwoPingsIsDead) {
    connect({.ping = std::chrono::milliseconds(30)});
    const auto received = test::run(io_, pair_.server->receive()); // the client reads nothing
    ASSERT_FALSE(received);
    EXPECT_EQ(received.error().code, Code::timeout);
    EXPECT_TRUE(received.error().message.contains("127.0.0.1"));
}

TEST_F(WebSocketLinkTest, AProbeFindsAPeerDeadLongBeforeItsPingsWould) {
    connect({.ping = std::chrono::hours(1), .probe = std::chrono::milliseconds(30)});
    std::optional<Result<Bytes>> received;
    TaskGroup tasks(io_.get_executor());
    tasks.spawn(receive_into(*pair_.server, received)); // the client reads nothing
    io_.poll();
    pair_.server->probe();
    for (int turns = 0; tasks.size() > 0 && turns < 200; ++turns)
        io_.run_for(std::chrono::milliseconds(50));
    test::run(io_, test::join_all(tasks));
    ASSERT_TRUE(received);
    EXPECT_EQ(received->error().code, Code::timeout);
}

TEST_F(WebSocketLinkTest, AProbeLeavesALinkThatWorks) {
    connect({.ping = std::chrono::hours(1), .probe = std::chrono::milliseconds(30)});
    TaskGroup tasks(io_.get_executor());
    receive_at_both(tasks);
    io_.poll();
    pair_.server->probe();
    test::run(io_, sleep_for(std::chrono::milliseconds(300)));
    EXPECT_FALSE(at_server_);
    test::run(io_, test::join_all(tasks));
}

// Three changes of the network within a moment are no three missed pings.
TEST_F(WebSocketLinkTest, ManyProbesInARowLeaveALinkThatWorks) {
    connect({.ping = std::chrono::hours(1), .probe = std::chrono::seconds(20)});
    TaskGroup tasks(io_.get_executor());
    receive_at_both(tasks);
    io_.poll();
    for (int i = 0; i < 10; ++i) {
        pair_.server->probe();
        test::run(io_, sleep_for(std::chrono::milliseconds(i % 3)));
    }
    test::run(io_, sleep_for(std::chrono::milliseconds(50)));
    EXPECT_FALSE(at_server_);
    EXPECT_TRUE(pair_.server->round_trip()) << "it was asked";
    test::run(io_, test::join_all(tasks));
}

} // namespace
} // namespace envmesh::net
