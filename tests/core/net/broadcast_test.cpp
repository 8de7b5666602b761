// SPDX-License-Identifier: MIT
#include "core/net/broadcast.h"

#include <gtest/gtest.h>

#include <map>

namespace envmesh::net {
namespace {

using asio::ip::udp;
using std::chrono::milliseconds;

const Beacon beacon{"1234", 8765, {{"n", "ab"}, {"v", "1"}}};

Bytes hexed(std::string_view text) { return *from_hex(text); }

TEST(BeaconPacket, IsAsWritten) {
    const Bytes here = hexed("456e764d65736801" // EnvMesh 1
                             "01"
                             "0431323334"
                             "223d"
                             "02"
                             "016e026162"
                             "01760131");
    EXPECT_EQ(encode({BeaconPacket::Kind::here, beacon}), here);
    EXPECT_EQ(decode_beacon(here)->beacon, beacon);
    EXPECT_EQ(encode({BeaconPacket::Kind::who, {}}), hexed("456e764d6573680102"));
    Bytes leaving = here;
    leaving[8] = 3;
    EXPECT_EQ(decode_beacon(leaving)->kind, BeaconPacket::Kind::leaving);
}

TEST(BeaconPacket, OfStrangersIsReadToTheLetter) {
    const Bytes good = encode({BeaconPacket::Kind::here, beacon});
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(decode_beacon(View(good).first(size))) << size;
    const auto refused = [](auto change) {
        BeaconPacket packet{BeaconPacket::Kind::here, beacon};
        change(packet.beacon);
        return !decode_beacon(encode(packet));
    };
    EXPECT_TRUE(refused([](Beacon& it) { it.instance = ""; }));
    EXPECT_TRUE(refused([](Beacon& it) { it.instance = "a\nb"; }));
    EXPECT_TRUE(refused([](Beacon& it) { it.instance = std::string(64, 'a'); }));
    EXPECT_TRUE(refused([](Beacon& it) { it.port = 0; }));
    EXPECT_TRUE(refused([](Beacon& it) { it.text["k"] = "\x1b[2J"; }));
    EXPECT_TRUE(refused([](Beacon& it) {
        for (int i = 0; i < 9; ++i)
            it.text[std::to_string(i)] = "x";
    }));
    EXPECT_TRUE(refused([](Beacon& it) {
        for (int i = 0; i < 3; ++i)
            it.text[std::to_string(i)] = std::string(200, 'x');
    }));
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(decode_beacon(longer));
    Bytes other = good;
    other[8] = 4;
    EXPECT_FALSE(decode_beacon(other));
}

// All on the loopback network, whose broadcast address reaches every socket of this computer.
class BroadcastTest : public ::testing::Test {
  protected:
    struct One {
        std::map<std::string, std::pair<Beacon, std::string>> found{};
        int changes = 0;
        std::unique_ptr<Broadcast> broadcast{};
        bool running = false;
    };

    ~BroadcastTest() override {
        for (One& one : all_)
            one.broadcast->close();
        EXPECT_TRUE(eventually([this] {
            return std::ranges::none_of(all_, [](const One& one) { return one.running; });
        }));
    }
    One& start(Broadcast::Times times = {}, Broadcast::Network network = loopback) {
        One& one = all_.emplace_back();
        Broadcast::Hooks hooks;
        hooks.networks = [network] { return std::vector{network}; };
        hooks.found = [&one](const Beacon& heard, const std::string& address) {
            one.found[heard.instance] = {heard, address};
            ++one.changes;
        };
        hooks.lost = [&one](const std::string& instance) { one.found.erase(instance); };
        one.broadcast =
            std::make_unique<Broadcast>(io_.get_executor(), std::move(hooks), times, port_);
        const auto opened = one.broadcast->open();
        EXPECT_TRUE(opened) << opened.error().message;
        one.running = true;
        asio::co_spawn(io_, one.broadcast->run(), [&one](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            one.running = false;
        });
        settle();
        return one;
    }
    bool eventually(const std::function<bool()>& holds) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!holds() && std::chrono::steady_clock::now() < until) {
            if (io_.stopped()) io_.restart();
            io_.run_one_for(milliseconds(10));
        }
        return holds();
    }
    void settle() {
        io_.restart();
        io_.run_for(milliseconds(50));
    }
    void send(const Bytes& packet) {
        const udp::endpoint to(asio::ip::address_v4::loopback(), port_);
        stranger_.send_to(asio::buffer(packet), to);
    }
    static std::uint16_t free_port() {
        asio::io_context io;
        return udp::socket(io, udp::endpoint(udp::v4(), 0)).local_endpoint().port();
    }

    static inline const Broadcast::Network loopback{
        "lo", {127, 0, 0, 1}, {255, 0, 0, 0}, {127, 255, 255, 255}};
    std::uint16_t port_ = free_port();
    asio::io_context io_;
    udp::socket stranger_{io_, udp::v4()};
    std::list<One> all_;
};

TEST_F(BroadcastTest, AServerIsHeardAtOnceAndSoIsItsLeaving) {
    One& server = start();
    One& other = start();
    server.broadcast->announce(beacon);
    ASSERT_TRUE(eventually([&] { return other.found.contains("1234"); }));
    EXPECT_EQ(other.found["1234"], std::pair(beacon, std::string("127.0.0.1")));
    EXPECT_TRUE(server.found.empty()) << "it does not find itself";
    Beacon changed = beacon;
    changed.port = 1;
    server.broadcast->announce(changed);
    EXPECT_TRUE(eventually([&] { return other.found["1234"].first == changed; }));
    server.broadcast->withdraw();
    EXPECT_TRUE(eventually([&] { return other.found.empty(); }));
}

TEST_F(BroadcastTest, WhoComesLaterAsksAndIsAnsweredOnceASecond) {
    One& server = start();
    server.broadcast->announce(beacon);
    One& other = start();
    EXPECT_TRUE(other.found.empty());
    other.broadcast->seek();
    EXPECT_TRUE(eventually([&] { return other.found.contains("1234"); }));
    for (int i = 0; i < 20; ++i)
        send(hexed("456e764d6573680102"));
    settle();
    EXPECT_EQ(other.broadcast->reports().at(0).heard, 1U);
    EXPECT_EQ(other.broadcast->reports().at(0).to, "127.255.255.255");
}

TEST_F(BroadcastTest, WhoIsNotHeardAgainIsForgotten) {
    One& one = start({.forget = milliseconds(200)});
    send(encode({BeaconPacket::Kind::here, beacon}));
    ASSERT_TRUE(eventually([&] { return one.found.contains("1234"); }));
    EXPECT_TRUE(eventually([&] { return one.found.empty(); }));
}

TEST_F(BroadcastTest, WhoSaysItAgainStays) {
    One& server = start({.again = milliseconds(50)});
    One& one = start({.forget = milliseconds(200)});
    server.broadcast->announce(beacon);
    ASSERT_TRUE(eventually([&] { return one.found.contains("1234"); }));
    for (int i = 0; i < 10; ++i) {
        settle();
        EXPECT_TRUE(one.found.contains("1234"));
    }
    EXPECT_EQ(one.changes, 1) << "nothing was new";
}

TEST_F(BroadcastTest, OtherNetworksAreNotHeard) {
    One& one = start({}, {"eth0", {10, 0, 0, 1}, {255, 0, 0, 0}, {127, 255, 255, 255}});
    send(encode({BeaconPacket::Kind::here, beacon}));
    settle();
    EXPECT_TRUE(one.found.empty());
}

TEST_F(BroadcastTest, AFloodIsCutAndAnHonestServerHeardAfterIt) {
    One& one = start();
    for (int i = 0; i < 1000; ++i) {
        Beacon fake = beacon;
        fake.instance = std::to_string(i);
        send(encode({BeaconPacket::Kind::here, fake}));
    }
    settle();
    EXPECT_LE(one.found.size(), 20U);
    One& server = start({.again = milliseconds(200)});
    Beacon honest = beacon;
    honest.instance = "honest";
    server.broadcast->announce(honest);
    EXPECT_TRUE(eventually([&] { return one.found.contains("honest"); }));
}

} // namespace
} // namespace envmesh::net
