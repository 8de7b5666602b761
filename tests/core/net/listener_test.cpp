// SPDX-License-Identifier: MIT
#include "core/net/websocket.h"

#include "tests/core/net/support.h"

#include <boost/asio/ip/tcp.hpp>

namespace envmesh::net {
namespace {

TEST(Listener, APortInUseIsAConflictThatNamesIt) {
    asio::io_context io;
    auto listener = test::listen(io);
    const auto second = Listener::open(io.get_executor(), "127.0.0.1", listener->port(), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::conflict);
    EXPECT_TRUE(second.error().message.contains("127.0.0.1:" + std::to_string(listener->port())));
    test::run(io, test::join_all(*listener));
}

TEST(Listener, LocalhostIsLoopback) {
    asio::io_context io;
    auto listener = Listener::open(io.get_executor(), "localhost", 0, {});
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_TRUE(test::run(io, test::make_pair(**listener, Timeouts())).server);
    test::run(io, test::join_all(**listener));
}

TEST(Listener, RefusesWhatIsNoAddressOfThisMachine) {
    asio::io_context io;
    EXPECT_EQ(Listener::open(io.get_executor(), "here", 0, {}).error().code, Code::invalid);
    EXPECT_EQ(Listener::open(io.get_executor(), "192.0.2.1", 0, {}).error().code, Code::invalid);
}

Task<bool> closed_while_accepting(Listener& listener) {
    auto executor = co_await asio::this_coro::executor;
    auto closing = [](Listener& open) -> Task<> {
        open.close();
        co_return;
    };
    TaskGroup tasks(executor);
    auto task = closing(listener);
    tasks.spawn(std::move(task));
    const auto link = co_await listener.accept();
    co_await tasks.join();
    co_return !link && link.error().code == Code::unreachable;
}

TEST(Listener, CloseEndsAWaitingAccept) {
    asio::io_context io;
    auto listener = test::listen(io);
    EXPECT_TRUE(test::run(io, closed_while_accepting(*listener)));
    test::run(io, test::join_all(*listener));
}

// A hundred silent connections first: the next client is served all the same.
TEST(Listener, SlowClientsDelayNobodyAndEndWithTheListener) {
    asio::io_context io;
    Listener::Limits limits;
    limits.unauthenticated_per_address = 200;
    auto listener = test::listen(io, limits);
    std::vector<asio::ip::tcp::socket> silent;
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), listener->port());
    for (int i = 0; i < 100; ++i)
        silent.emplace_back(io).connect(endpoint);
    {
        const auto pair = test::run(io, test::make_pair(*listener, Timeouts()));
        EXPECT_TRUE(pair.server);
    }
    test::run(io, test::join_all(*listener));
}

TEST(Listener, HoldsToTheLimitsOfAnAddress) {
    asio::io_context io;
    Listener::Limits limits;
    limits.unauthenticated_per_address = 1;
    limits.failures_per_minute = 1;
    auto listener = test::listen(io, limits);
    {
        const auto first = test::run(io, test::make_pair(*listener, Timeouts()));
        ASSERT_TRUE(first.server);
        EXPECT_FALSE(test::run(io, test::make_pair(*listener, Timeouts())).client);
        EXPECT_TRUE(listener->authenticated(*first.server, "mesh"));
        const auto second = test::run(io, test::make_pair(*listener, Timeouts()));
        ASSERT_TRUE(second.server);
        listener->failed(*second.server);
    }
    EXPECT_FALSE(test::run(io, test::make_pair(*listener, Timeouts())).client);
    test::run(io, test::join_all(*listener));
}

} // namespace
} // namespace envmesh::net
