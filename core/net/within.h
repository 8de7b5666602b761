// SPDX-License-Identifier: MIT
// A limit for a task. Past it, or when the caller is cancelled, the task is cancelled and waited
// for, so that nothing it refers to is used afterwards. The task must not throw.
#pragma once

#include "core/base/task.h"

#include <optional>

namespace envmesh::net {

inline constexpr std::chrono::milliseconds between_cancellations{10};

template <class T>
Task<> keep_result(Task<T> task, std::optional<T>& result, Signal& ended) {
    auto value = co_await std::move(task);
    result.emplace(std::move(value));
    ended.notify();
}

/// Nothing when the time was up first.
template <class T>
Task<std::optional<T>> within(std::chrono::milliseconds limit, Task<T> task) {
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto executor = co_await asio::this_coro::executor;
    Signal ended(executor);
    std::optional<T> result;
    TaskGroup tasks(executor);
    tasks.spawn(keep_result(std::move(task), result, ended));
    if (!result) { // it may have had nothing to wait for
        auto waiting = ended.wait_for(limit);
        co_await std::move(waiting);
    }
    const bool in_time = result.has_value();
    // Asio loses a cancellation that comes between two steps of one operation, such as those of a
    // long write through TLS: it is repeated.
    while (!result && tasks.size() > 0) {
        tasks.cancel();
        auto pausing = ended.wait_for(between_cancellations);
        co_await std::move(pausing);
    }
    auto joining = tasks.join();
    co_await std::move(joining);
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (!in_time) co_return std::nullopt;
    co_return std::move(result);
}

} // namespace envmesh::net
