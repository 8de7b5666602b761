// SPDX-License-Identifier: MIT
// A listener against an independent peer: what it accepts, and what it refuses before and after
// the upgrade.
#include "core/net/websocket.h"

#include "tests/core/net/support.h"

#include <algorithm>

namespace envmesh::net {
namespace {

class UpgradeTest : public testing::Test {
  protected:
    void serve(Timeouts timeouts) {
        Listener::Limits limits;
        limits.timeouts = timeouts;
        listener_ = test::listen(io_, limits);
        tasks_.spawn(accept_all());
    }
    void expect_good(const std::string& what) {
        const auto peer = test::run_beside(io_, what + " " + std::to_string(listener_->port()));
        EXPECT_EQ(peer.status, 0) << peer.output;
    }
    void TearDown() override {
        test::run(io_, test::join_all(*listener_));
        test::run(io_, test::join_all(tasks_));
    }

    Task<> accept_all() {
        while (true) {
            auto link = co_await listener_->accept();
            if (!link) co_return;
            auto echoing = echo(*std::move(link));
            tasks_.spawn(std::move(echoing));
        }
    }
    Task<> echo(std::unique_ptr<Link> link) {
        link->set_most_bytes(most_bytes_after_authentication);
        while (true) {
            auto message = co_await link->receive();
            if (!message) errors_.push_back(message.error().code);
            if (!message) co_return;
            auto sending = link->send(*std::move(message));
            const auto sent = co_await std::move(sending);
            if (!sent) co_return;
        }
    }

    asio::io_context io_;
    std::unique_ptr<Listener> listener_;
    TaskGroup tasks_{io_.get_executor()};
    std::vector<Code> errors_;
};

TEST_F(UpgradeTest, AnIndependentClientIsEchoedOneMebibyte) {
    serve({});
    expect_good("echo");
    EXPECT_EQ(errors_, std::vector{Code::unreachable});
}

TEST_F(UpgradeTest, SpeaksTls13Only) {
    serve({});
    expect_good("tls12");
    expect_good("tls13");
}

TEST_F(UpgradeTest, AnswersRequestsThatItDoesNotUpgrade) {
    serve({});
    expect_good("http");
    EXPECT_TRUE(errors_.empty()); // none became a link
}

TEST_F(UpgradeTest, HoldsToTheFraming) {
    serve({});
    expect_good("frames");
    // Text and the two that are too long; for the others the peer's end may come first.
    EXPECT_GE(std::ranges::count(errors_, Code::protocol), 3);
}

TEST_F(UpgradeTest, ClosesOnGarbageAndSilenceAtTheLimit) {
    serve({.establish = std::chrono::milliseconds(200)});
    expect_good("garbage");
    EXPECT_TRUE(errors_.empty());
}

TEST_F(UpgradeTest, PingsTwiceThenGivesUp) {
    serve({.ping = std::chrono::milliseconds(100)});
    expect_good("unanswered");
    EXPECT_EQ(errors_, std::vector{Code::timeout});
}

} // namespace
} // namespace envmesh::net
