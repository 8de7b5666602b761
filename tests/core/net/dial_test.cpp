// SPDX-License-Identifier: MIT
#include "core/net/websocket.h"

#include "tests/core/net/support.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <thread>

namespace envmesh::net {
namespace {

using asio::ip::tcp;

Url at(std::uint16_t port, std::string host = "127.0.0.1") {
    Url url;
    url.host = std::move(host);
    url.port = port;
    return url;
}

tcp::acceptor deaf_server(asio::io_context& io) {
    return {io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
}

TEST(Dial, NamesTheServerThatRefuses) {
    asio::io_context io;
    auto acceptor = deaf_server(io);
    const auto port = acceptor.local_endpoint().port();
    acceptor.close();
    const auto link = test::run(io, dial(at(port), "/v1/sync", {}));
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, Code::unreachable);
    EXPECT_TRUE(link.error().message.contains("127.0.0.1:" + std::to_string(port)));
    EXPECT_FALSE(link.error().fix.empty());
}

TEST(Dial, GivesUpOnAServerThatSaysNothing) {
    asio::io_context io;
    const auto acceptor = deaf_server(io);
    Timeouts timeouts;
    timeouts.establish = std::chrono::milliseconds(50);
    const auto port = acceptor.local_endpoint().port();
    const auto link = test::run(io, dial(at(port), "/v1/sync", timeouts));
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, Code::timeout);
}

TEST(Dial, TellsAServerThatSpeaksNoTls) {
    asio::io_context io;
    auto acceptor = deaf_server(io);
    const auto port = acceptor.local_endpoint().port();
    std::jthread server([&acceptor] {
        tcp::socket socket = acceptor.accept();
        asio::write(socket, asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n", 28));
    });
    const auto link = test::run(io, dial(at(port), "/v1/sync", {}));
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, Code::unreachable);
    EXPECT_TRUE(link.error().message.contains("TLS"));
}

TEST(Dial, TellsThePathThatTheServerDoesNotHave) {
    asio::io_context io;
    auto listener = test::listen(io);
    const auto link = test::run(io, dial(at(listener->port()), "/other", {}));
    ASSERT_FALSE(link);
    EXPECT_TRUE(link.error().message.contains("404"));
    test::run(io, test::join_all(*listener));
}

// "localhost" may name ::1 first, where nobody listens.
TEST(Dial, TriesEveryAddressOfTheHost) {
    asio::io_context io;
    auto listener = test::listen(io);
    const auto link = test::run(io, dial(at(listener->port(), "localhost"), "/v1/join", {}));
    EXPECT_TRUE(link) << link.error().message;
    test::run(io, test::join_all(*listener));
}

Task<> dial_for_ever(std::uint16_t port) {
    std::string path = "/v1/sync";
    Url url = at(port);
    Timeouts timeouts;
    timeouts.establish = std::chrono::hours(1);
    auto dialling = dial(std::move(url), std::move(path), timeouts);
    co_await std::move(dialling);
}

TEST(Dial, EndsWithItsTask) {
    asio::io_context io;
    const auto acceptor = deaf_server(io);
    TaskGroup tasks(io.get_executor());
    tasks.spawn(dial_for_ever(acceptor.local_endpoint().port()));
    test::run(io, sleep_for(std::chrono::milliseconds(20))); // into the TLS handshake
    test::run(io, test::join_all(tasks));
}

Task<Result<Bytes>> ask(Link& link, Bytes message) {
    auto sending = link.send(std::move(message));
    const auto sent = co_await std::move(sending);
    if (!sent) co_return std::unexpected(sent.error());
    auto reply = co_await link.receive();
    co_await link.finish();
    co_return reply;
}

TEST(Dial, AnIndependentServerEchoesOneMebibyte) {
    const std::string command = std::string(ENVMESH_PEER) + " serve";
    FILE* peer = popen(command.c_str(), "r");
    int port = 0;
    ASSERT_EQ(std::fscanf(peer, "%d", &port), 1);
    asio::io_context io;
    auto link = test::run(io, dial(at(static_cast<std::uint16_t>(port)), "/v1/sync", {}));
    ASSERT_TRUE(link) << link.error().message;
    (*link)->set_most_bytes(most_bytes_after_authentication);
    const Bytes message(1024 * 1024, 0x5a);
    EXPECT_EQ(test::run(io, ask(**link, message)), message);
    link->reset();
    int close_code = 0;
    EXPECT_EQ(std::fscanf(peer, "%d", &close_code), 1);
    EXPECT_EQ(close_code, 1000);
    EXPECT_EQ(pclose(peer), 0);
}

} // namespace
} // namespace envmesh::net
