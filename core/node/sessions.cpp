// SPDX-License-Identifier: MIT
#include "core/node/sessions.h"

#include "core/node/call.h"

namespace envmesh::node {
namespace {

constexpr std::chrono::hours long_time{1}; // then it looks again

} // namespace

Sessions::Running::Running(Sessions& sessions, std::function<void()> close)
    : sessions_(sessions),
      place_(sessions.running_.insert(sessions.running_.end(), std::move(close))) {}

// NOLINTNEXTLINE(bugprone-exception-escape): cancelling a timer that waits has nothing to fail at
Sessions::Running::~Running() {
    sessions_.running_.erase(place_);
    sessions_.changed_.notify();
}

Task<> Sessions::until_may_begin() {
    while (!may_begin() && !stopped_) {
        auto waiting = changed_.wait_for(long_time);
        co_await std::move(waiting);
    }
}

Task<Result<>> Sessions::between(std::function<Result<>()> work) {
    const auto call = co_await asio::this_coro::cancellation_state;
    Result<> result = fail(Code::timeout, "the call was given up");
    {
        const Use changing(changing_);
        for (const auto& close : std::list(running_)) // closing may end one at once
            close();
        while (!running_.empty() && !stopped_ && !is_given_up(call)) {
            auto waiting = changed_.wait_for(long_time);
            co_await std::move(waiting);
        }
        if (stopped_)
            result = fail(Code::locked, "the vault was locked meanwhile");
        else if (!is_given_up(call))
            result = work();
    }
    changed_.notify();
    co_return result;
}

void Sessions::stop() {
    stopped_ = true;
    changed_.notify();
}

} // namespace envmesh::node
