// SPDX-License-Identifier: MIT
#include "core/ipc/connection.h"

#include "tests/support/local_daemon.h"

#include <gtest/gtest.h>

namespace envmesh::ipc {
namespace {

using test::eventually;
using test::LocalDaemon;
using test::RawFrontEnd;

bool holds(const std::optional<std::string>& body, std::string_view part) {
    return body && body->find(part) != std::string::npos;
}

TEST(Connection, EndsWithoutAHelloInTime) {
    Limits limits;
    limits.hello = std::chrono::milliseconds(20);
    LocalDaemon daemon({}, limits);
    RawFrontEnd silent(daemon.socket());
    EXPECT_EQ(silent.receive(), std::nullopt);
    RawFrontEnd half(daemon.socket());
    half.send(Bytes{9, 0, 0, 0, '{'});
    EXPECT_EQ(half.receive(), std::nullopt);
}

TEST(Connection, EndsOnWhatIsNotAHello) {
    LocalDaemon daemon;
    for (const std::string_view body : {"garbage", "{}", R"({"id":1,"call":"status"})"}) {
        RawFrontEnd client(daemon.socket());
        client.send_body(body);
        EXPECT_TRUE(holds(client.receive(), "PROTOCOL"));
        EXPECT_EQ(client.receive(), std::nullopt);
    }
    RawFrontEnd large(daemon.socket());
    large.send_body(std::string(most_hello_bytes + 1, ' '));
    EXPECT_TRUE(holds(large.receive(), "PROTOCOL"));
    EXPECT_EQ(large.receive(), std::nullopt);
}

TEST(Connection, ShowsItsProtocolsToOneWithOthersAndEnds) {
    LocalDaemon daemon;
    RawFrontEnd newer(daemon.socket());
    newer.send_body(R"({"hello":{"protocol":[8,9]}})");
    EXPECT_TRUE(holds(newer.receive(), R"("protocol":[1,1])"));
    EXPECT_EQ(newer.receive(), std::nullopt);
}

TEST(Connection, RefusesWhatIsNoRequestByItsIdAndGoesOn) {
    LocalDaemon daemon;
    RawFrontEnd client(daemon.socket());
    client.greet();
    client.send_body(R"({"id":5,"call":"no-such"})");
    EXPECT_TRUE(holds(client.receive(), R"("id":5)"));
    client.send_body("garbage");
    EXPECT_TRUE(holds(client.receive(), R"("id":0)"));
    client.send_body(R"({"id":6,"call":"lock"})");
    EXPECT_EQ(client.receive(), R"({"id":6,"ok":true})");
    client.send(Bytes{0, 0, 0, 0}); // framing itself is lost
    EXPECT_TRUE(holds(client.receive(), "PROTOCOL"));
    EXPECT_EQ(client.receive(), std::nullopt);
}

TEST(Connection, AnswersAsRequestsFinishNotAsTheyCame) {
    LocalDaemon daemon;
    RawFrontEnd client(daemon.socket());
    client.greet();
    client.send_body(R"({"id":1,"call":"sync"})");
    client.send_body(R"({"id":2,"call":"lock"})");
    EXPECT_EQ(client.receive(), R"({"id":2,"ok":true})");
    daemon.release();
    EXPECT_TRUE(holds(client.receive(), R"("id":1,"ok":true)"));
}

TEST(Connection, RefusesTheSeventeenthRequestInFlight) {
    LocalDaemon daemon;
    RawFrontEnd client(daemon.socket());
    client.greet();
    for (int id = 1; id <= 17; ++id)
        client.send_body(R"({"call":"sync","id":)" + std::to_string(id) + '}');
    const auto refused = client.receive();
    EXPECT_TRUE(holds(refused, "DENIED"));
    EXPECT_TRUE(holds(refused, R"("id":17)"));
    daemon.release();
    for (int id = 1; id <= 16; ++id)
        EXPECT_TRUE(holds(client.receive(), R"("ok":true)"));
    client.send_body(R"({"id":18,"call":"lock"})");
    EXPECT_EQ(client.receive(), R"({"id":18,"ok":true})");
}

TEST(Connection, AnswersOnceWhenARequestTakesTooLong) {
    Limits limits;
    limits.request = std::chrono::milliseconds(20);
    LocalDaemon daemon({}, limits);
    RawFrontEnd client(daemon.socket());
    client.greet();
    client.send_body(R"({"id":1,"call":"sync"})");
    EXPECT_TRUE(holds(client.receive(), "TIMEOUT"));
    daemon.release();
    client.send_body(R"({"id":2,"call":"lock"})");
    EXPECT_TRUE(holds(client.receive(), R"("id":2)"));
}

TEST(Connection, WaitsLongerWhereAPersonIsAsked) {
    Limits limits;
    limits.request = std::chrono::milliseconds(20);
    LocalDaemon daemon({}, limits);
    RawFrontEnd client(daemon.socket());
    client.greet();
    client.send_body(R"({"id":1,"call":"enable-keychain","password":"p"})");
    client.send_body(R"({"id":2,"call":"sync"})");
    const auto late = client.receive();
    EXPECT_TRUE(holds(late, "TIMEOUT"));
    EXPECT_TRUE(holds(late, R"("id":2)"));
    daemon.release();
    EXPECT_EQ(client.receive(), R"({"id":1,"ok":true})");
}

TEST(Connection, AnswersOnceWhenAPersonTakesTooLong) {
    Limits limits;
    limits.question = std::chrono::milliseconds(20);
    LocalDaemon daemon({}, limits);
    RawFrontEnd client(daemon.socket());
    client.greet();
    client.send_body(R"({"id":1,"call":"sync"})");
    client.send_body(R"({"id":2,"call":"enable-keychain","password":"p"})");
    const auto late = client.receive();
    EXPECT_TRUE(holds(late, "TIMEOUT"));
    EXPECT_TRUE(holds(late, R"("id":2)")) << "the later one ends earlier";
    daemon.release();
    EXPECT_TRUE(holds(client.receive(), R"("id":1)"));
}

TEST(Connection, RefusesAnAnswerThatNoFrameHolds) {
    LocalDaemon daemon([](const api::Request&) -> Result<api::Reply> {
        api::Init::Reply reply;
        reply.device = std::string(most_frame_bytes, 'x');
        return reply;
    });
    RawFrontEnd client(daemon.socket());
    client.greet();
    client.send_body(R"({"id":1,"call":"lock"})");
    EXPECT_TRUE(holds(client.receive(), "INTERNAL"));
}

// More than a socket takes at once, so most of it waits for the reader.
TEST(Connection, KeepsAnswersForAReaderThatIsLate) {
    LocalDaemon daemon([](const api::Request&) -> Result<api::Reply> {
        api::Init::Reply reply;
        reply.device = std::string(900'000, 'x');
        return reply;
    });
    RawFrontEnd client(daemon.socket());
    client.greet();
    for (int id = 1; id <= 8; ++id)
        client.send_body(R"({"call":"lock","id":)" + std::to_string(id) + '}');
    for (int id = 1; id <= 8; ++id)
        EXPECT_TRUE(holds(client.receive(), R"("id":)" + std::to_string(id))) << id;
}

TEST(Connection, DropsOneThatAsksAndNeverReads) {
    Limits limits;
    limits.unread_reply_bytes = 2'000'000;
    LocalDaemon daemon(
        [](const api::Request&) -> Result<api::Reply> {
            api::Init::Reply reply;
            reply.device = std::string(900'000, 'x');
            return reply;
        },
        limits);
    RawFrontEnd client(daemon.socket());
    client.greet();
    for (int id = 1; id <= 8; ++id)
        client.send_body(R"({"call":"lock","id":)" + std::to_string(id) + '}');
    EXPECT_TRUE(eventually([&] { return daemon.service().left == 1; }));
}

} // namespace
} // namespace envmesh::ipc
