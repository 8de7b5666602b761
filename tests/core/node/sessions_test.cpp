// SPDX-License-Identifier: MIT
#include "core/node/sessions.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>

namespace envmesh::node {
namespace {

class SessionsTest : public testing::Test {
  protected:
    ~SessionsTest() override {
        sessions_.stop();
        io_.restart();
        io_.run();
    }
    Sessions::Running begin() {
        return {sessions_, [this] { ++closed_; }};
    }
    void change() {
        const auto work = [this]() -> Result<> {
            ++worked_;
            return fail(Code::conflict, "told to whoever asked");
        };
        asio::co_spawn(io_, into(sessions_.between(work), result_),
                       asio::bind_cancellation_slot(signal_.slot(), asio::detached));
        poll();
    }
    void poll() {
        io_.restart();
        io_.poll();
    }
    static Task<> into(Task<Result<>> work, std::optional<Result<>>& result) {
        auto stay = asio::this_coro::throw_if_cancelled(false);
        co_await stay;
        result = co_await std::move(work);
    }
    static Task<> tell(Task<> waiting, bool& told) {
        co_await std::move(waiting);
        told = true;
    }

    asio::io_context io_;
    Sessions sessions_{io_.get_executor()};
    asio::cancellation_signal signal_;
    std::optional<Result<>> result_;
    int closed_ = 0;
    int worked_ = 0;
};

TEST_F(SessionsTest, WorkRunsAtOnceWithoutAny) {
    change();
    EXPECT_EQ(worked_, 1);
    ASSERT_TRUE(result_);
    EXPECT_EQ(result_->error().code, Code::conflict);
    EXPECT_TRUE(sessions_.may_begin());
}

TEST_F(SessionsTest, WorkWaitsForTheEndOfAllAndNoneBeginsMeanwhile) {
    std::optional<Sessions::Running> one(std::in_place, sessions_, [this] { ++closed_; });
    bool begun = false;
    {
        const Sessions::Running other = begin();
        change();
        EXPECT_EQ(closed_, 2);
        EXPECT_FALSE(sessions_.may_begin());
        asio::co_spawn(io_, tell(sessions_.until_may_begin(), begun), asio::detached);
        one.reset();
        poll();
        EXPECT_EQ(worked_, 0) << "one still runs";
    }
    EXPECT_FALSE(begun);
    poll();
    EXPECT_EQ(worked_, 1);
    poll();
    EXPECT_TRUE(begun);
}

TEST_F(SessionsTest, WorkThatStillWaitsFailsWhenTheVaultIsLocked) {
    const Sessions::Running one = begin();
    change();
    ASSERT_FALSE(result_);
    sessions_.stop();
    poll();
    ASSERT_TRUE(result_);
    EXPECT_EQ(result_->error().code, Code::locked);
    EXPECT_EQ(worked_, 0);
}

TEST_F(SessionsTest, WorkThatIsGivenUpIsNotRun) {
    {
        const Sessions::Running one = begin();
        change();
        signal_.emit(asio::cancellation_type::terminal);
        poll();
    }
    poll();
    ASSERT_TRUE(result_);
    EXPECT_FALSE(*result_);
    EXPECT_EQ(worked_, 0);
    EXPECT_TRUE(sessions_.may_begin());
}

} // namespace
} // namespace envmesh::node
