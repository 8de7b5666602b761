// SPDX-License-Identifier: MIT
#include "daemon/publisher.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::daemon {
namespace {

constexpr std::chrono::milliseconds to_gather{100}; // changes come in bursts
constexpr std::chrono::seconds shortest_pause{2};   // before it is tried again, then longer
constexpr std::chrono::seconds longest_pause{64};
constexpr std::chrono::hours for_ever{24};

} // namespace

Publisher::Publisher(asio::any_io_executor executor, node::Service& service,
                     asio::thread_pool& pool,
                     std::unique_ptr<platform::SessionEnvironment> environment, std::string reason)
    : service_(service), pool_(pool), environment_(std::move(environment)), wake_(executor),
      tasks_(executor) {
    published_.reason = std::move(reason);
}

void Publisher::start() {
    if (environment_) tasks_.spawn(run());
}

void Publisher::changed() {
    is_due_ = true;
    wake_.notify();
}

void Publisher::stop() {
    is_stopping_ = true;
    wake_.notify();
}

Task<> Publisher::join() {
    auto joining = tasks_.join();
    co_await std::move(joining);
}

node::Published Publisher::published() const {
    node::Published out = published_;
    out.is_current = out.is_current && !is_due_;
    return out;
}

Task<> Publisher::run() {
    std::chrono::seconds pause = shortest_pause;
    bool is_owed = false; // a place has not got it, or not given it back
    while (!is_stopping_) {
        if (is_due_) {
            auto gathering = sleep_for(to_gather);
            co_await std::move(gathering);
        } else {
            auto waiting = wake_.wait_for(is_owed ? pause : for_ever);
            co_await std::move(waiting);
            pause = is_due_ ? shortest_pause : std::min(pause * 2, longest_pause);
        }
        if (is_stopping_) break;
        if (!is_due_ && !is_owed) continue;
        is_due_ = false;
        published_.is_current = false; // until it is there
        auto items = service_.injection();
        has_published_ = has_published_ || !items.empty();
        auto publishing = publish(std::move(items));
        is_owed = !co_await std::move(publishing) && has_published_;
        if (!is_owed) has_published_ = !published_is_empty_;
    }
    auto retracting = publish({});
    co_await std::move(retracting);
}

Task<bool> Publisher::publish(std::vector<api::Export::Item> items) {
    published_is_empty_ = items.empty();
    auto work = [this, items = std::move(items)]() mutable {
        std::vector<platform::Assignment> wanted;
        for (api::Export::Item& item : items)
            wanted.push_back({std::move(item.key), std::move(item.value)});
        return environment_->publish(wanted);
    };
    auto running = blocking(pool_, std::move(work));
    const auto done = co_await std::move(running);
    note(done);
    co_return done && done->reason.empty();
}

// What stays the same is said once.
void Publisher::note(const Result<platform::Publication>& done) {
    node::Published now;
    now.is_current = done.has_value();
    now.reason = done ? done->reason : done.error().message;
    if (done) {
        now.places = done->places;
        for (const platform::Unpublished& one : done->refused)
            now.refused.emplace(one.name, node::Refusal{one.reason, one.nowhere});
    }
    if (!now.reason.empty() && now.reason != published_.reason)
        log_warning("not_published", "reason", now.reason);
    published_ = std::move(now);
}

} // namespace envmesh::daemon
