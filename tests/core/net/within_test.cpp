// SPDX-License-Identifier: MIT
#include "core/net/within.h"

#include "tests/core/net/support.h"

namespace envmesh::net {
namespace {

using std::chrono::milliseconds;

// Busy for that long in steps that are always ready, and then waits for what never comes.
Task<bool> busy_then_stuck(milliseconds busy) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    const auto end = std::chrono::steady_clock::now() + busy;
    while (std::chrono::steady_clock::now() < end) {
        auto step = asio::post(executor, asio::use_awaitable);
        co_await std::move(step);
    }
    auto waiting = sleep_for(std::chrono::hours(1));
    co_return co_await std::move(waiting);
}

Task<bool> quick() { co_return true; }

class WithinTest : public testing::Test {
  protected:
    asio::io_context io_;
};

TEST_F(WithinTest, WhatIsInTimeIsReturned) {
    EXPECT_EQ(test::run(io_, within(std::chrono::hours(1), quick())), true);
}

TEST_F(WithinTest, ATaskThatIsBusyAtTheLimitEndsAllTheSame) {
    EXPECT_EQ(test::run(io_, within(milliseconds(20), busy_then_stuck(milliseconds(60)))),
              std::nullopt);
}

TEST_F(WithinTest, ACallerThatIsCancelledLeavesNothingBehind) {
    TaskGroup tasks(io_.get_executor());
    const auto caller = []() -> Task<> {
        auto bounded = within(std::chrono::hours(1), busy_then_stuck(milliseconds(60)));
        co_await std::move(bounded);
    };
    tasks.spawn(caller());
    io_.run_one_for(milliseconds(20));
    asio::post(io_, [&tasks] { tasks.cancel(); });
    const auto end = std::chrono::steady_clock::now() + test::patience;
    while (tasks.size() > 0 && std::chrono::steady_clock::now() < end)
        io_.run_one_for(milliseconds(50));
    EXPECT_EQ(tasks.size(), 0U);
}

} // namespace
} // namespace envmesh::net
