// SPDX-License-Identifier: MIT
#include "tests/support/memory_link.h"

#include "tests/core/net/support.h"

namespace envmesh::tests {
namespace {

TEST(MemoryLink, CarriesMessagesInOrderThenTellsTheEnd) {
    asio::io_context io;
    auto [a, b] = memory_links(io.get_executor(), "/v1/sync");
    EXPECT_TRUE(net::test::run(io, a->send(Bytes{1})));
    EXPECT_TRUE(net::test::run(io, a->send(Bytes{2})));
    a->close();
    EXPECT_EQ(net::test::run(io, b->receive()), Bytes{1});
    EXPECT_EQ(net::test::run(io, b->receive()), Bytes{2});
    EXPECT_EQ(net::test::run(io, b->receive()).error().code, Code::unreachable);
    EXPECT_EQ(net::test::run(io, b->send(Bytes{3})).error().code, Code::unreachable);
    EXPECT_EQ(a->channel_binding(), b->channel_binding());
    EXPECT_EQ(b->path(), "/v1/sync");
}

TEST(MemoryLink, RefusesAnOverLongMessage) {
    asio::io_context io;
    auto [a, b] = memory_links(io.get_executor(), "/v1/sync");
    EXPECT_TRUE(net::test::run(io, a->send(Bytes(4097))));
    EXPECT_EQ(net::test::run(io, b->receive()).error().code, Code::protocol);
    EXPECT_FALSE(net::test::run(io, a->send(Bytes{1})));
}

Task<> receive_into(net::Link& link, std::optional<Result<Bytes>>& out) {
    out = co_await link.receive();
}

TEST(MemoryLink, AWaitingReceiveEndsWhenThePeerGoesOrItsTaskIsCancelled) {
    asio::io_context io;
    auto [a, b] = memory_links(io.get_executor(), "/v1/sync");
    std::optional<Result<Bytes>> received;
    TaskGroup tasks(io.get_executor());
    tasks.spawn(receive_into(*b, received));
    io.poll();
    a.reset();
    io.restart();
    io.poll();
    ASSERT_TRUE(received);
    EXPECT_FALSE(*received);

    auto [c, d] = memory_links(io.get_executor(), "/v1/sync");
    tasks.spawn(receive_into(*d, received));
    io.restart();
    io.poll();
    net::test::run(io, net::test::join_all(tasks));
    EXPECT_EQ(tasks.size(), 0U);
}

} // namespace
} // namespace envmesh::tests
