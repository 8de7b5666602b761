// SPDX-License-Identifier: MIT
// A limit for a task. Past it, or when the caller is cancelled, the task is cancelled and waited
// for, so that nothing it refers to is used afterwards. The task must not throw.
#pragma once

#include "core/base/task.h"

#include <optional>

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace envmesh::net {

/// Nothing when the time was up first.
template <class T>
Task<std::optional<T>> within(std::chrono::milliseconds limit, Task<T> task) {
    using asio::experimental::awaitable_operators::operator||;
    auto deadline = sleep_for(limit);
    auto race = std::move(task) || std::move(deadline);
    auto winner = co_await std::move(race);
    if (winner.index() != 0) co_return std::nullopt;
    co_return std::get<0>(std::move(winner));
}

} // namespace envmesh::net
