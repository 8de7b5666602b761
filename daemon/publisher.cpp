// SPDX-License-Identifier: MIT
#include "daemon/publisher.h"

#include "core/base/log.h"

namespace envmesh::daemon {
namespace {

constexpr std::chrono::milliseconds to_gather{100}; // changes come in bursts
constexpr std::chrono::seconds to_try_again{30};
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
    bool has_failed = false;
    while (!is_stopping_) {
        if (is_due_) {
            auto gathering = sleep_for(to_gather);
            co_await std::move(gathering);
        } else {
            auto waiting = wake_.wait_for(has_failed ? to_try_again : for_ever);
            co_await std::move(waiting);
        }
        if (is_stopping_) break;
        if (!is_due_ && !has_failed) continue;
        is_due_ = false;
        published_.is_current = false; // until it is there
        auto publishing = publish(service_.injection());
        has_failed = !co_await std::move(publishing);
    }
    auto retracting = publish({});
    co_await std::move(retracting);
}

Task<bool> Publisher::publish(std::vector<api::Export::Item> items) {
    auto work = [this, items = std::move(items)]() mutable {
        std::vector<platform::Assignment> wanted;
        for (api::Export::Item& item : items)
            wanted.push_back({std::move(item.key), std::move(item.value)});
        return environment_->publish(wanted);
    };
    auto running = blocking(pool_, std::move(work));
    const auto done = co_await std::move(running);
    note(done);
    co_return done.has_value();
}

// What stays the same is said once.
void Publisher::note(const Result<platform::Publication>& done) {
    node::Published now;
    now.is_current = done.has_value();
    now.reason = done ? done->reason : done.error().message;
    if (done) {
        now.places = done->places;
        for (const platform::Unpublished& one : done->refused)
            now.refused.emplace(one.name, one.reason);
    }
    if (!now.reason.empty() && now.reason != published_.reason)
        log_warning("not_published", "reason", now.reason);
    published_ = std::move(now);
}

} // namespace envmesh::daemon
