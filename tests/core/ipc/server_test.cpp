// SPDX-License-Identifier: MIT
#include "core/ipc/server.h"

#include "tests/support/local_daemon.h"

#include <gtest/gtest.h>

namespace envmesh::ipc {
namespace {

using test::eventually;
using test::LocalDaemon;
using test::RawFrontEnd;

TEST(Server, SaysHelloAndAnswers) {
    LocalDaemon daemon;
    auto client = test::open_client(daemon.socket());
    ASSERT_TRUE(client);
    EXPECT_EQ(client->daemon().version, "9.8.7");
    EXPECT_EQ(client->daemon().role, "daemon");
    EXPECT_TRUE(client->ask(api::Lock(), Deadline::max()));
}

TEST(Server, ClosesOnWhoeverIsNotTheSameUser) {
    LocalDaemon daemon({}, {}, [](int) { return false; });
    RawFrontEnd stranger(daemon.socket());
    stranger.send_body(R"({"hello":{"protocol":[1,1]}})");
    EXPECT_EQ(stranger.receive(), std::nullopt);
    EXPECT_EQ(daemon.service().left, 0);
}

TEST(Server, TurnsAwayOneTooManyAndTellsWhy) {
    Limits limits;
    limits.connections = 2;
    LocalDaemon daemon({}, limits);
    auto first = test::open_client(daemon.socket());
    {
        const auto second = test::open_client(daemon.socket());
        const auto third = test::open_client(daemon.socket());
        ASSERT_FALSE(third);
        EXPECT_EQ(third.error().code, Code::denied);
    }
    EXPECT_TRUE(eventually([&] { return daemon.connections() == 1; }));
    EXPECT_TRUE(test::open_client(daemon.socket()));
    EXPECT_TRUE(first->ask(api::Lock(), Deadline::max()));
}

TEST(Server, TellsTheServiceOnceThatAClientLeftEvenWithRequestsInFlight) {
    LocalDaemon daemon;
    {
        RawFrontEnd client(daemon.socket());
        client.greet();
        client.send_body(R"({"id":1,"call":"sync"})");
        EXPECT_TRUE(eventually([&] { return daemon.service().held == 1; }));
        RawFrontEnd silent(daemon.socket()); // never said hello: nothing to tell
        RawFrontEnd garbled(daemon.socket());
        garbled.send_body("garbage");
        EXPECT_NE(garbled.receive(), std::nullopt);
        EXPECT_EQ(garbled.receive(), std::nullopt);
    }
    EXPECT_TRUE(eventually([&] { return daemon.connections() == 0; }));
    EXPECT_EQ(daemon.service().left, 1);
}

TEST(Server, PublishesToThoseWhoWatchOnly) {
    LocalDaemon daemon;
    auto watcher = test::open_client(daemon.socket());
    auto other = test::open_client(daemon.socket());
    ASSERT_TRUE(watcher->ask(api::Watch(), Deadline::max()));
    daemon.publish({"variables-changed", "", "", {"A", "B"}, ""});
    const auto event = watcher->next_event(Deadline::max());
    ASSERT_TRUE(event);
    EXPECT_EQ(event->names, (std::vector<std::string>{"A", "B"}));
    EXPECT_TRUE(other->ask(api::Lock(), Deadline::max())); // would meet the event if it had one
}

TEST(Server, DropsAWatcherThatDoesNotReadAndServesTheOthers) {
    Limits limits;
    limits.unread_event_bytes = 64 * 1024;
    LocalDaemon daemon({}, limits);
    RawFrontEnd slow(daemon.socket());
    slow.greet();
    slow.send_body(R"({"id":1,"call":"watch"})");
    slow.receive();
    auto reader = test::open_client(daemon.socket());
    ASSERT_TRUE(reader->ask(api::Watch(), Deadline::max()));
    const api::Event event{"variables-changed", "", std::string(8000, 'x'), {}, ""};
    for (int i = 0; i < 1000 && daemon.service().left == 0; ++i) {
        daemon.publish(event);
        ASSERT_TRUE(reader->next_event(Deadline::max())) << i;
    }
    EXPECT_TRUE(eventually([&] { return daemon.service().left == 1; }));
    EXPECT_TRUE(reader->ask(api::Lock(), Deadline::max()));
}

TEST(Server, StopsWithConnectionsOpenAndRequestsHeld) {
    LocalDaemon daemon;
    RawFrontEnd idle(daemon.socket());
    RawFrontEnd busy(daemon.socket());
    busy.greet();
    busy.send_body(R"({"id":1,"call":"sync"})");
    EXPECT_TRUE(eventually([&] { return daemon.service().held == 1; }));
    daemon.stop();
    EXPECT_TRUE(eventually([&] { return daemon.has_stopped(); }));
    while (busy.receive()) { // what the service made of being cancelled, if anything, then the end
    }
    EXPECT_EQ(idle.receive(), std::nullopt);
    EXPECT_EQ(daemon.service().left, 1);
}

TEST(Server, AnswersTheRequestThatStopsIt) {
    LocalDaemon* self = nullptr;
    LocalDaemon daemon([&self](const api::Request& request) -> Result<api::Reply> {
        if (std::holds_alternative<api::Shutdown>(request)) self->server().stop();
        return api::Done();
    });
    self = &daemon;
    auto client = test::open_client(daemon.socket());
    EXPECT_TRUE(client->ask(api::Shutdown(), Deadline::max()));
    EXPECT_TRUE(eventually([&] { return daemon.has_stopped(); }));
}

TEST(Server, EndsItsConnectionsWhenItIsCancelled) {
    asio::io_context loop{1};
    test::FakeService service(loop, {});
    Server server(loop.get_executor(), service, [](int) { return true; });
    test::TemporaryFolder folder;
    const auto path = (folder.path() / "s").string();
    asio::local::stream_protocol::acceptor listener(loop, path);
    ASSERT_TRUE(server.listen(listener.release()));
    TaskGroup group(loop.get_executor());
    group.spawn(server.run());
    asio::local::stream_protocol::socket client(loop);
    client.connect(path);
    while (server.connections() == 0)
        loop.run_one();
    group.cancel();
    loop.run();
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(server.connections(), 0U);
}

} // namespace
} // namespace envmesh::ipc
