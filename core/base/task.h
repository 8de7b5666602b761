// SPDX-License-Identifier: MIT
// All of our Asio vocabulary. A Task runs on the one owner thread; `blocking` is the only way off
// it and comes back to it; a TaskGroup owns what it spawned, so nothing is detached and destructors
// run in order.
//
// Inside a co_await expression stand only names and std::move(name): g++ 12 destroys a temporary
// there twice.
#pragma once

#include "core/base/error.h"

#include <chrono>
#include <list>
#include <memory>
#include <type_traits>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace envmesh {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

/// co_await x.async_y(..., as_result) gives a tuple whose first element is the error code.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Runs `work` on the pool and resumes on the caller's executor with what it returned (not void).
template <class F>
Task<std::invoke_result_t<F&>> blocking(asio::thread_pool& pool, F work) {
    using R = std::invoke_result_t<F&>;
    auto start = [&pool, work = std::move(work)](auto handler) mutable {
        auto home = asio::prefer(asio::get_associated_executor(handler),
                                 asio::execution::outstanding_work.tracked);
        auto run = [work = std::move(work), handler = std::move(handler), home]() mutable {
            auto back = [handler = std::move(handler), result = R(work())]() mutable {
                handler(std::move(result));
            };
            asio::post(home, std::move(back));
        };
        asio::post(pool, std::move(run));
    };
    auto token = asio::use_awaitable;
    auto wait = asio::async_initiate<asio::use_awaitable_t<>, void(R)>(std::move(start), token);
    co_return co_await std::move(wait);
}

/// Waits; false when cancelled.
inline Task<bool> sleep_for(std::chrono::milliseconds time) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, time);
    auto wait = timer.async_wait(as_result);
    auto [ec] = co_await std::move(wait);
    co_return !ec;
}

/// Wakes all that wait for something to change; each then looks for itself.
class Signal {
  public:
    explicit Signal(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void notify() {
        for (asio::steady_timer* waiter : waiters_)
            waiter->cancel();
    }
    /// Until notified, or the time is over.
    Task<> wait_for(std::chrono::milliseconds time) {
        asio::steady_timer timer(executor_, time);
        const Entry entry(waiters_, &timer);
        auto wait = timer.async_wait(as_result);
        co_await std::move(wait);
    }

  private:
    struct Entry {
        Entry(std::list<asio::steady_timer*>& waiters, asio::steady_timer* timer)
            : list(waiters), place(waiters.insert(waiters.end(), timer)) {}
        ~Entry() { list.erase(place); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        std::list<asio::steady_timer*>& list;
        std::list<asio::steady_timer*>::iterator place;
    };

    asio::any_io_executor executor_;
    std::list<asio::steady_timer*> waiters_;
};

/// Tasks that live no longer than their owner. `cancel` asks all to end; `join` waits until all
/// have.
class TaskGroup {
  public:
    explicit TaskGroup(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(Task<> task) {
        auto child = children_.emplace(children_.end());
        auto done = [this, child](const std::exception_ptr& error) {
            children_.erase(child);
            if (children_.empty()) idle_.cancel();
            if (error && !is_cancellation(error)) std::rethrow_exception(error);
        };
        asio::co_spawn(executor_, std::move(task),
                       asio::bind_cancellation_slot(child->slot(), std::move(done)));
    }
    void cancel() {
        for (auto child = children_.begin(); child != children_.end();) {
            auto& signal = *child++;
            signal.emit(asio::cancellation_type::terminal);
        }
    }
    Task<> join() {
        while (!children_.empty()) {
            idle_.expires_at(std::chrono::steady_clock::time_point::max());
            auto wait = idle_.async_wait(as_result);
            co_await std::move(wait);
        }
    }
    [[nodiscard]] std::size_t size() const { return children_.size(); }

  private:
    // A cancelled task leaves through the exception that its next co_await throws.
    static bool is_cancellation(const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const boost::system::system_error& e) {
            return e.code() == asio::error::operation_aborted;
        } catch (...) {
            return false;
        }
    }

    asio::any_io_executor executor_;
    std::list<asio::cancellation_signal> children_;
    asio::steady_timer idle_{executor_};
};

} // namespace envmesh
