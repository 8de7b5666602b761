// SPDX-License-Identifier: MIT
#include "daemon/network_news.h"

#include "core/base/log.h"

namespace envmesh::daemon {
namespace {

constexpr auto between_news = std::chrono::seconds(2);

} // namespace

NetworkNews::NetworkNews(const asio::any_io_executor& executor, node::Service& service)
    : executor_(executor), service_(service), news_(executor), tasks_(executor) {}

void NetworkNews::start() {
    auto watch = platform::NetworkWatch::start(
        [this] { asio::post(executor_, [this] { news_.notify(); }); });
    if (!watch) return log_warning("network_watch_failed", "reason", watch.error().message);
    watch_ = std::move(*watch);
    tasks_.spawn(follow());
}

Task<> NetworkNews::join() {
    tasks_.cancel();
    auto joined = tasks_.join();
    co_await std::move(joined);
}

// News come in bursts: acted on at once, and then for all that came meanwhile together.
Task<> NetworkNews::follow() {
    while (true) {
        auto waiting = news_.wait_for(std::chrono::hours(24));
        co_await std::move(waiting);
        service_.network_changed();
        auto pause = sleep_for(between_news);
        co_await std::move(pause);
        service_.network_changed();
    }
}

} // namespace envmesh::daemon
