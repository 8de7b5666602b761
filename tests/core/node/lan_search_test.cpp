// SPDX-License-Identifier: MIT
#include "core/node/lan_search.h"

#include "tests/support/air.h"
#include "tests/support/node_fixture.h"

#include <boost/asio/ip/tcp.hpp>

namespace envmesh::node {
namespace {

using namespace std::chrono_literals;

class LanSearchTest : public tests::NodeTest {
  protected:
    LanSearchTest() {
        seeker_.context.vicinity = &air_.join("seeker");
        seeker_.context.config.enable_lan = true;
    }
    void announce(const std::string& name, std::uint16_t port) {
        air_.say({name, {"127.0.0.1"}, port, {}, "mdns"});
    }
    static std::uint16_t port_of(const tests::Machine& server) {
        return net::Url::parse(url_of(server))->port;
    }
    static crypto::ShortHash short_key(const tests::Machine& server) {
        return crypto::hash128({server.service->server()->keys().ed_pk});
    }

    tests::Air air_;
    tests::Machine& seeker_ = machine();
    tests::Machine& wanted_ = blind_server();
    tests::Machine& other_ = blind_server();
    asio::ip::tcp::acceptor silent_{threads_.io, {asio::ip::address_v4::loopback(), 0}};
};

TEST_F(LanSearchTest, FindsWhoProvesTheKeyAmongOthers) {
    for (int i = 0; i < 5; ++i)
        announce("silent " + std::to_string(i), silent_.local_endpoint().port());
    announce("other", port_of(other_));
    announce("nobody", 1);
    announce("wanted", port_of(wanted_));
    LanSearch search(seeker_.context, short_key(wanted_));
    const auto found = run(search.run(20s));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->url.port, port_of(wanted_));
    EXPECT_EQ(found->joined.server.keys.ed_pk, wanted_.service->server()->keys().ed_pk);
}

TEST_F(LanSearchTest, FindsWhatAPersonNamed) {
    seeker_.context.config.lan_servers = {net::Url{"127.0.0.1", port_of(wanted_)}.authority()};
    LanSearch search(seeker_.context, short_key(wanted_));
    EXPECT_TRUE(run(search.run(20s)));
}

TEST_F(LanSearchTest, NobodyIsToldAsSuch) {
    announce("other", port_of(other_));
    LanSearch search(seeker_.context, short_key(wanted_));
    const auto found = run(search.run(100ms));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::unreachable);
    EXPECT_FALSE(found.error().fix.empty());
}

} // namespace
} // namespace envmesh::node
