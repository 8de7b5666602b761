// SPDX-License-Identifier: MIT
#include "daemon/login.h"

#include "core/base/log.h"

#include <array>
#include <utility>

namespace envmesh::daemon {
namespace {

// The keyring daemon of a desktop starts beside us, and a person may open it later.
constexpr std::array pauses{std::chrono::seconds(1),  std::chrono::seconds(2),
                            std::chrono::seconds(4),  std::chrono::seconds(8),
                            std::chrono::seconds(15), std::chrono::seconds(30),
                            std::chrono::seconds(60)};

// A keyring daemon that is not there yet looks like one that has lost the key.
bool may_change(Code code) { return code != Code::not_found && code != Code::absent; }

} // namespace

Login::Login(asio::any_io_executor executor, node::Service& service, const config::Config& config,
             Watch watch)
    : executor_(std::move(executor)), service_(service), config_(config),
      start_watch_(std::move(watch)), stopping_(executor_), tasks_(executor_) {}

void Login::start() {
    tasks_.spawn(open());
    auto watch = start_watch_([this](platform::SessionNews news) {
        asio::post(executor_, [this, news] { heard(news); });
    });
    if (watch) {
        watch_ = std::move(*watch);
        return;
    }
    not_watching_ = watch.error().message;
    log_warning("session_not_watched", "reason", not_watching_);
}

std::string Login::unheard() const {
    const bool needs_session = config_.lock_on_logout || config_.lock_on_screen_lock;
    if (!needs_session && !config_.lock_on_sleep) return {};
    std::string state = watch_ ? watch_->state() : not_watching_;
    if (state == platform::watching || (state == platform::watching_sleep && !needs_session))
        return {};
    return state;
}

void Login::stop() {
    is_stopping_ = true;
    ++attempt_;
    watch_.reset();
    stopping_.notify();
}

Task<> Login::join() {
    auto joining = tasks_.join();
    co_await std::move(joining);
}

void Login::locked_by_person() {
    ++attempt_;
    is_trying_ = false;
    locked_by_.clear();
}

void Login::heard(platform::SessionNews news) {
    using enum platform::SessionNews;
    if (is_stopping_) return;
    log_info("session", "news", platform::name(news));
    const bool locks = (news == falling_asleep && config_.lock_on_sleep) ||
                       (news == logged_out && config_.lock_on_logout) ||
                       (news == screen_locked && config_.lock_on_screen_lock);
    if (locks)
        return tasks_.spawn(lock(news == falling_asleep ? "sleep"
                                 : news == logged_out   ? "logout"
                                                        : "screen"));
    switch (news) {
    case falling_asleep:
    case logged_out:
        if (watch_) watch_->ready();
        break;
    case awake: open_after("sleep"); break;
    case screen_unlocked: open_after("screen"); break;
    case logged_in: open_after("logout"); break;
    case screen_locked: break;
    }
}

// A machine that falls asleep behind a locked screen waits for the screen when it wakes; what a
// person has locked by hand waits for the person.
Task<> Login::lock(std::string reason) {
    ++attempt_;
    const bool was_to_open = std::exchange(is_trying_, false); // it was not to stay locked
    auto locking = service_.lock_for(reason);
    const bool was_open = co_await std::move(locking);
    const bool is_ours = !locked_by_.empty() && locked_by_ != "screen";
    if (was_open || was_to_open || is_ours) locked_by_ = reason;
    if (watch_ && reason != "screen") watch_->ready();
}

void Login::open_after(std::string_view reason) {
    if (locked_by_ != reason) return;
    locked_by_.clear();
    tasks_.spawn(open());
}

Task<> Login::open() {
    const std::uint64_t mine = ++attempt_;
    is_trying_ = true;
    for (std::size_t tries = 0; mine == attempt_ && !is_stopping_; ++tries) {
        auto opening = service_.unlock_by_keychain(node::Asking::never);
        const auto opened = co_await std::move(opening);
        if (opened) log_info("unlocked", "by", "keychain");
        if (opened || mine != attempt_ || !may_change(opened.error().code)) break;
        if (tries == 0) log_warning("not_unlocked_by_keychain", "reason", opened.error().message);
        if (tries == pauses.size()) break;
        auto waiting = stopping_.wait_for(pauses.at(tries));
        co_await std::move(waiting);
    }
    if (mine == attempt_) is_trying_ = false;
}

} // namespace envmesh::daemon
