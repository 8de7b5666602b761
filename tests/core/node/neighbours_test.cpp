// SPDX-License-Identifier: MIT
#include "core/node/neighbours.h"

#include "core/node/own_mesh.h"
#include "core/node/server.h"
#include "tests/support/node_fixture.h"

#include <boost/asio/ip/tcp.hpp>

namespace envmesh::node {
namespace {

class NeighboursTest : public tests::NodeTest {
  protected:
    NeighboursTest() {
        serving_machine_.context.config.enable_lan = true;
        EXPECT_TRUE(server_.listen("127.0.0.1", 0));
        begin(server_.run(), serving_);
        neighbours_ =
            std::make_unique<Neighbours>(looking_machine_.context, *looking_,
                                         Neighbours::Hooks{[](const sync::Delta&, const Uplink&) {},
                                                           [](const mesh::MailMessage&) {}, [] {}});
    }
    ~NeighboursTest() override {
        asio::post(threads_.io, [this] {
            server_.stop();
            neighbours_->stop();
            begin(neighbours_->join(), joining_);
        });
        if (!eventually([this] { return joined_ && !serving_ && !joining_; })) std::abort();
    }
    void begin(Task<> task, bool& running) {
        running = joined_ = true;
        asio::co_spawn(threads_.io, std::move(task), [&running](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            running = false;
        });
    }
    Sighting sighting(const std::string& instance, std::uint16_t port) {
        return {instance,
                {"127.0.0.1"},
                port,
                mesh::make_beacon(member_->keyring(), serving_machine_.random,
                                  serving_machine_.clock.wall_ms()),
                {}};
    }
    Sighting server_seen(const std::string& instance = "server") {
        return sighting(instance, server_.port());
    }
    void found(Sighting one) {
        asio::post(threads_.io, [this, seen = std::move(one)] { neighbours_->found(seen); });
    }
    /// Ten times as fast as the real clock.
    bool connected_after_a_while() {
        std::int64_t looked_ms = looking_machine_.clock.steady_ms();
        return eventually([&] {
            if (looking_machine_.clock.steady_ms() - looked_ms > 100) {
                looking_machine_.clock.leap(900);
                looked_ms = looking_machine_.clock.steady_ms();
                asio::post(threads_.io, [this] { neighbours_->look(); });
            }
            return connected();
        });
    }
    [[nodiscard]] bool connected() const { return !neighbours_->connected().empty(); }

    tests::Machine& serving_machine_ = machine();
    tests::Machine& looking_machine_ = machine();
    std::unique_ptr<Member> member_ = first_member(serving_machine_, "serving");
    std::unique_ptr<Member> looking_ = next_member(*member_, looking_machine_, "looking");
    OwnMesh mesh_{*member_, [](const sync::Delta&) {}};
    Server server_{serving_machine_.context, mesh_};
    std::unique_ptr<Neighbours> neighbours_;
    bool serving_ = false, joining_ = false, joined_ = false;
};

TEST_F(NeighboursTest, AServerOfOurMeshIsConnectedTo) {
    found(server_seen());
    ASSERT_TRUE(eventually([this] { return connected(); }));
    EXPECT_EQ(neighbours_->lowest(), member_->identity().id());
}

TEST_F(NeighboursTest, AnnouncementsOfOthersAreNotFollowed) {
    Sighting foreign = server_seen();
    foreign.text["t"] = "0123456789abcdef";
    found(foreign);
    Sighting nameless = server_seen();
    nameless.addresses.clear();
    found(nameless);
    settle();
    EXPECT_FALSE(connected());
}

// A goodbye may be forged; a working link is the better witness.
TEST_F(NeighboursTest, AGoodbyeEndsNoLinkThatWorks) {
    found(server_seen());
    ASSERT_TRUE(eventually([this] { return connected(); }));
    asio::post(threads_.io, [this] { neighbours_->lost("server"); });
    settle();
    EXPECT_TRUE(connected());
}

TEST_F(NeighboursTest, AnHonestServerIsReachedBehindManyThatNeverAnswer) {
    asio::ip::tcp::acceptor silent(threads_.io, {asio::ip::address_v4::loopback(), 0});
    for (int i = 0; i < 20; ++i)
        found(sighting("silent " + std::to_string(i), silent.local_endpoint().port()));
    found(server_seen());
    EXPECT_TRUE(connected_after_a_while());
}

TEST_F(NeighboursTest, AFloodOfFakesNeitherFillsMemoryNorHidesAnHonestServer) {
    asio::ip::tcp::acceptor silent(threads_.io, {asio::ip::address_v4::loopback(), 0});
    for (int i = 0; i < 1000; ++i)
        found(sighting("fake " + std::to_string(i), silent.local_endpoint().port()));
    found(server_seen());
    EXPECT_TRUE(connected_after_a_while());
    EXPECT_LE(neighbours_->list().size(), Neighbours::most_sightings);
}

} // namespace
} // namespace envmesh::node
