// SPDX-License-Identifier: MIT
#include "core/base/task.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace envmesh {
namespace {

using std::chrono::hours;

void run(asio::io_context& context, Task<> task) {
    std::exception_ptr thrown;
    auto done = [&thrown](std::exception_ptr error) { thrown = std::move(error); };
    asio::co_spawn(context, std::move(task), done);
    context.run();
    if (thrown) std::rethrow_exception(thrown);
}

struct Where {
    std::thread::id work, after;
    std::unique_ptr<std::string> result;
};

Task<> work_elsewhere(asio::thread_pool& pool, Where& where) {
    auto work = [&where, text = std::make_unique<std::string>("a result that owns memory")] {
        where.work = std::this_thread::get_id();
        return std::make_unique<std::string>(*text);
    };
    where.result = co_await blocking(pool, std::move(work));
    where.after = std::this_thread::get_id();
}

TEST(Blocking, RunsOnThePoolAndComesBackToTheOwner) {
    asio::thread_pool pool(1);
    asio::io_context context(1);
    Where where;
    run(context, work_elsewhere(pool, where));
    EXPECT_NE(where.work, std::this_thread::get_id());
    EXPECT_EQ(where.after, std::this_thread::get_id());
    EXPECT_EQ(*where.result, "a result that owns memory");
}

Task<> many_times(asio::thread_pool& pool, int& sum) {
    for (int i = 0; i < 200; ++i) {
        auto work = [i] { return i; };
        sum += co_await blocking(pool, std::move(work));
    }
}

TEST(Blocking, ManyTasksShareAPool) {
    asio::thread_pool pool(4);
    asio::io_context context(1);
    std::vector<int> sums(8);
    TaskGroup group(context.get_executor());
    for (auto& sum : sums)
        group.spawn(many_times(pool, sum));
    context.run();
    EXPECT_EQ(sums, std::vector<int>(8, 19900));
}

struct Ended {
    explicit Ended(int& count) : count_(count) {}
    Ended(const Ended&) = delete;
    Ended& operator=(const Ended&) = delete;
    ~Ended() { ++count_; }

  private:
    int& count_;
};

Task<> wait_for_ever(int& ended) {
    const Ended guard(ended);
    for (;;) {
        const bool slept = co_await sleep_for(hours(1));
        if (!slept) co_return;
    }
}

// Does not look at what sleep_for says: it is ended by the exception of the next co_await.
Task<> wait_stubbornly(int& ended) {
    const Ended guard(ended);
    for (;;)
        co_await sleep_for(hours(1));
}

Task<> own_children(int& ended, std::size_t& most) {
    auto executor = co_await asio::this_coro::executor;
    TaskGroup group(executor);
    for (int i = 0; i < 50; ++i) {
        group.spawn(wait_for_ever(ended));
        group.spawn(wait_stubbornly(ended));
    }
    co_await sleep_for(std::chrono::milliseconds(1));
    most = group.size();
    group.cancel();
    co_await group.join();
    EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, CancelEndsAllAndJoinWaitsForThem) {
    asio::io_context context(1);
    int ended = 0;
    std::size_t most = 0;
    run(context, own_children(ended, most));
    EXPECT_EQ(most, 100U);
    EXPECT_EQ(ended, 100);
}

Task<> end_soon(int& ended) {
    const Ended guard(ended);
    co_await sleep_for(std::chrono::milliseconds(1));
}

Task<> join_only(int& ended) {
    auto executor = co_await asio::this_coro::executor;
    TaskGroup group(executor);
    co_await group.join(); // nothing to wait for
    group.spawn(end_soon(ended));
    group.spawn(end_soon(ended));
    co_await group.join();
}

TEST(TaskGroup, JoinWaitsForThoseThatEndByThemselves) {
    asio::io_context context(1);
    int ended = 0;
    run(context, join_only(ended));
    EXPECT_EQ(ended, 2);
}

} // namespace
} // namespace envmesh
