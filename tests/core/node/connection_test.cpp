// SPDX-License-Identifier: MIT
#include "core/node/connection.h"

#include "tests/support/memory_link.h"
#include "tests/support/node_fixture.h"

#include <boost/asio/detached.hpp>

namespace envmesh::node {
namespace {

struct End {
    End(tests::Machine& machine, Member& own, std::unique_ptr<net::Link> with,
        sync::Session::Side side, const Member& peer)
        : member(own), link(std::move(with)),
          session(own.replica(), side, peer.identity().id(), {}),
          connection(*link, session, own.authority(), machine.context.crypto,
                     machine.context.executor, hooks()) {
        link->set_most_bytes(net::most_bytes_after_authentication);
    }
    Connection::Hooks hooks() {
        Connection::Hooks hooks;
        hooks.applied = [this](const sync::Delta& delta) { applied += delta.cells.size(); };
        hooks.other = [this](Bytes message) {
            others.push_back(std::move(message));
            return Result<>{};
        };
        hooks.progress = [this] { ++progress; };
        return hooks;
    }

    Member& member;
    std::unique_ptr<net::Link> link;
    std::size_t applied = 0;
    std::vector<Bytes> others;
    int progress = 0;
    sync::Session session;
    Connection connection;
};

class NodeConnectionTest : public tests::NodeTest {
  protected:
    NodeConnectionTest()
        : alice_(first_member(machine(), "alice")), bob_(next_member(*alice_, machine(), "bob")) {}

    static Task<> run_into(Connection& connection, std::optional<Error>& why) {
        auto running = connection.run();
        why = co_await std::move(running);
    }
    void spawn(End& end, std::optional<Error>& why) {
        asio::co_spawn(threads_.io, run_into(end.connection, why), asio::detached);
    }

    std::unique_ptr<Member> alice_;
    std::unique_ptr<Member> bob_;
};

TEST_F(NodeConnectionTest, CarriesChangesBothWaysAndOtherMessagesUntilItIsClosed) {
    tests::Machine& around = machine();
    for (int i = 0; i < 40; ++i) // enough for the crypto pool
        ASSERT_TRUE(alice_->variables().set(tests::set_call("A" + std::to_string(i), "a")));
    ASSERT_TRUE(bob_->variables().set(tests::set_call("B", "b")));
    auto links = tests::memory_links(around.context.executor, "/v1/sync");
    End client(around, *alice_, std::move(links.first), sync::Session::Side::client, *bob_);
    End server(around, *bob_, std::move(links.second), sync::Session::Side::server, *alice_);
    std::optional<Error> client_end, server_end;
    spawn(client, client_end);
    spawn(server, server_end);
    ASSERT_TRUE(eventually([&] { return client.session.in_sync() && server.session.in_sync(); }));
    EXPECT_EQ(server.applied, 40U);
    EXPECT_EQ(client.applied, 1U);
    EXPECT_TRUE(bob_->variables().get({"A39", {}}));
    EXPECT_TRUE(alice_->variables().get({"B", {}}));

    auto later = bob_->variables().set(tests::set_call("LATER", "live"));
    ASSERT_TRUE(later);
    server.connection.changed(later->delta);
    server.connection.send({0x30, 1, 2});
    ASSERT_TRUE(eventually([&] { return !client.others.empty() && client.applied == 2; }));
    EXPECT_EQ(client.others.front(), (Bytes{0x30, 1, 2}));
    EXPECT_GT(client.progress, 0);

    client.connection.close();
    ASSERT_TRUE(eventually([&] { return client_end && server_end; }));
    EXPECT_EQ(server_end->code, Code::unreachable);
}

TEST_F(NodeConnectionTest, EndsOnAMessageThatBreaksTheProtocol) {
    tests::Machine& around = machine();
    auto links = tests::memory_links(around.context.executor, "/v1/sync");
    End server(around, *bob_, std::move(links.second), sync::Session::Side::server, *alice_);
    std::optional<Error> end;
    spawn(server, end);
    EXPECT_TRUE(run(links.first->send({0x1f, 0xff})));
    ASSERT_TRUE(eventually([&] { return end.has_value(); }));
    EXPECT_EQ(end->code, Code::protocol);
    EXPECT_FALSE(run(links.first->send({0x30})));
}

TEST_F(NodeConnectionTest, EndsWhenOtherMessagesPileUp) {
    tests::Machine& around = machine();
    auto links = tests::memory_links(around.context.executor, "/v1/sync");
    End server(around, *bob_, std::move(links.second), sync::Session::Side::server, *alice_);
    for (int i = 0; i < 3; ++i) // nothing is written before it runs
        server.connection.send(Bytes(400'000, 0x30));
    std::optional<Error> end;
    spawn(server, end);
    ASSERT_TRUE(eventually([&] { return end.has_value(); }));
    EXPECT_EQ(end->code, Code::timeout);
}

TEST_F(NodeConnectionTest, FindsTheOneForgedCellAmongMany) {
    sync::Push push;
    for (int i = 0; i < 33; ++i) {
        auto changed = alice_->variables().set(tests::set_call("N" + std::to_string(i), "value"));
        ASSERT_TRUE(changed);
        push.envelopes.push_back(changed->delta.cells.front().envelope);
    }
    push.envelopes[17].back() ^= 1; // the signature
    push.checked.resize(push.envelopes.size());
    sync::Message message(std::move(push));
    run(check_on(threads_.crypto, bob_->authority(), message));
    const auto& checked = std::get<sync::Push>(message).checked;
    for (std::size_t i = 0; i < checked.size(); ++i)
        EXPECT_EQ(checked[i].has_value(), i != 17) << i;
}

} // namespace
} // namespace envmesh::node
