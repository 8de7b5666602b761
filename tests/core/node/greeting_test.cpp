// SPDX-License-Identifier: MIT
#include "core/node/greeting.h"

#include "tests/support/memory_link.h"
#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class GreetingTest : public tests::NodeTest {
  protected:
    Result<sync::ServerFacts> probe(const tests::Machine& server, const sync::ServerPin& pin) {
        const auto url = net::Url::parse(url_of(server));
        return run(probe_server(machine().context, *url, pin));
    }
};

TEST_F(GreetingTest, AcceptsTheServerOfThePinAndNoOther) {
    tests::Machine& server = blind_server();
    sync::ServerPin any;
    any.any = true;
    const auto learnt = probe(server, any);
    ASSERT_TRUE(learnt);
    EXPECT_EQ(crypto::server_fingerprint(learnt->keys.ed_pk), key_of(server));

    sync::ServerPin right;
    right.fingerprint = key_of(server);
    EXPECT_TRUE(probe(server, right));
    sync::ServerPin wrong;
    wrong.fingerprint = std::string(64, 'a');
    const auto refused = probe(server, wrong);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_FALSE(probe(server, {})) << "no pin is not any server";
}

TEST_F(GreetingTest, NamesTheServerThatIsNotThere) {
    tests::Machine& server = blind_server();
    const std::string url = url_of(server);
    stop(server);
    sync::ServerPin any;
    any.any = true;
    const auto reached = probe(server, any);
    ASSERT_FALSE(reached);
    EXPECT_EQ(reached.error().code, Code::unreachable);
    EXPECT_NE(reached.error().message.find("127.0.0.1"), std::string::npos);
}

TEST_F(GreetingTest, GivesUpOnAPeerThatSaysNothing) {
    auto links = tests::memory_links(threads_.io.get_executor(), "/v1/sync");
    SystemRandom random;
    sync::ClientHandshake handshake({}, {}, links.first->channel_binding(), random);
    const auto shaken = run(run_handshake(*links.first, handshake, std::chrono::milliseconds(20)));
    EXPECT_FALSE(shaken);
    EXPECT_FALSE(run(links.second->send({1}))) << "the link stays open";
}

TEST_F(GreetingTest, SendsAllInOrder) {
    auto links = tests::memory_links(threads_.io.get_executor(), "/v1/sync");
    ASSERT_TRUE(run(send_all(*links.first, {{1}, {2}, {3}})));
    for (std::uint8_t i = 1; i <= 3; ++i)
        EXPECT_EQ(run(links.second->receive()), Bytes{i});
    links.second->close();
    EXPECT_FALSE(run(send_all(*links.first, {{4}, {5}})));
}

} // namespace
} // namespace envmesh::node
