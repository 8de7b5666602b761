// SPDX-License-Identifier: MIT
#include "core/node/uplink.h"

#include "tests/support/node_fixture.h"

namespace envmesh::node {
namespace {

class UplinkTest : public tests::NodeTest {
  protected:
    UplinkTest() {
        const ServerSetting setting{url_of(server_), key_of(server_), {}};
        if (!member_->store_server(setting)) std::abort();
        uplink_ = std::make_unique<Uplink>(home_.context, *member_, target(), Uplink::Hooks{});
    }
    ~UplinkTest() override { end(); }

    Uplink::FindTarget target() {
        return [this]() -> Result<Uplink::Target> {
            const ServerSetting server = member_->server();
            Uplink::Target target{*net::Url::parse(server.url), {}, server.token};
            target.pin.fingerprint = server.fingerprint;
            return target;
        };
    }
    void begin_run() {
        running_ = true;
        asio::co_spawn(threads_.io, uplink_->run(), [this](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            running_ = false;
        });
    }
    void end() {
        uplink_->stop();
        if (!eventually([&] { return !running_; })) std::abort();
    }
    bool up() {
        return eventually([&] { return uplink_->is_in_sync(); });
    }
    bool down() {
        return eventually([&] { return !uplink_->is_connected(); });
    }

    tests::Machine& server_ = blind_server();
    tests::Machine& home_ = machine();
    std::unique_ptr<Member> member_ = first_member(home_, "alice");
    std::unique_ptr<Uplink> uplink_;
    bool running_ = false;
};

TEST_F(UplinkTest, ConnectsAndSaysWhyNotWhenItCannot) {
    EXPECT_FALSE(uplink_->reason().empty());
    begin_run();
    ASSERT_TRUE(up());
    EXPECT_TRUE(uplink_->reason().empty());
    EXPECT_TRUE(uplink_->rtt_ms());
    EXPECT_EQ(crypto::server_fingerprint(uplink_->server().ed_pk), key_of(server_));
    EXPECT_TRUE(member_->last_contact_ms());
    stop(server_);
    ASSERT_TRUE(
        eventually([&] { return uplink_->reason().find("127.0.0.1") != std::string::npos; }));
    EXPECT_EQ(uplink_->send(mesh::MailClose{}).error().code, Code::unreachable);
    start(server_);
    uplink_->wake();
    EXPECT_TRUE(up());
}

TEST_F(UplinkTest, StaysAwayFromAServerWithAnotherKey) {
    ASSERT_TRUE(member_->store_server({url_of(server_), std::string(64, 'a'), {}}));
    begin_run();
    ASSERT_TRUE(eventually([&] { return uplink_->reason() != "not connected yet"; }));
    EXPECT_FALSE(uplink_->is_connected());
    EXPECT_TRUE(ask(server_, api::Peers{})->peers.empty()) << "it told who it is";
}

TEST_F(UplinkTest, WorkBetweenSessionsRunsWithoutOneAndTheLinkComesBack) {
    begin_run();
    ASSERT_TRUE(up());
    bool had_session = true;
    auto work = [&]() -> Result<> {
        had_session = uplink_->is_connected();
        return fail(Code::conflict, "told to whoever asked");
    };
    const auto result = run(member_->sessions().between(work));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::conflict);
    EXPECT_FALSE(had_session);
    EXPECT_TRUE(up());
}

TEST_F(UplinkTest, BelievesTheServersClockWithinBounds) {
    constexpr std::int64_t hour = 60LL * 60 * 1000;
    constexpr std::int64_t year = 366 * 24 * hour;
    struct Case {
        std::int64_t server_ahead, ours_ahead;
        bool believed;
    };
    std::int64_t server_ahead = 0;
    std::int64_t ours_ahead = 0;
    for (const Case& each : {Case{0, 0, false}, Case{2 * hour, 0, true}, Case{23 * hour, 0, true},
                             Case{25 * hour, 0, false}, Case{10 * year, 0, false},
                             Case{0, 2 * hour, true}, Case{-10 * year, 0, false},
                             Case{0, -10 * year, true}, Case{15 * year, -10 * year, true}}) {
        server_.clock.leap(each.server_ahead - std::exchange(server_ahead, each.server_ahead));
        home_.clock.leap(each.ours_ahead - std::exchange(ours_ahead, each.ours_ahead));
        uplink_ = std::make_unique<Uplink>(home_.context, *member_, target(), Uplink::Hooks{});
        begin_run();
        ASSERT_TRUE(up());
        const std::int64_t offset = member_->replica().clock_offset_ms();
        end();
        const std::int64_t wanted = each.believed ? each.server_ahead - each.ours_ahead : 0;
        EXPECT_NEAR(static_cast<double>(offset), static_cast<double>(wanted), 60'000)
            << each.server_ahead / hour << " h, " << each.ours_ahead / hour << " h";
    }
}

TEST_F(UplinkTest, EndsWhileItIsDialling) {
    begin_run();
    for (int i = 0; i < 5; ++i)
        threads_.io.run_one_for(std::chrono::seconds(1));
    end();
    EXPECT_FALSE(uplink_->is_connected());
}

TEST_F(UplinkTest, ASecondLinkOfTheSameDeviceIsPresentUntilBothAreGone) {
    begin_run();
    ASSERT_TRUE(up());
    ASSERT_TRUE(eventually([&] { return !uplink_->presences().empty(); }));
    EXPECT_TRUE(uplink_->presences().at(member_->identity().id()).online);
    end();
    EXPECT_TRUE(down());
    EXPECT_TRUE(uplink_->presences().empty());
    ASSERT_TRUE(eventually([&] { return !ask(server_, api::Peers{})->peers.at(0).online; }));
}

} // namespace
} // namespace envmesh::node
