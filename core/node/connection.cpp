// SPDX-License-Identifier: MIT
#include "core/node/connection.h"

#include "core/base/log.h"

#include <thread>

namespace envmesh::node {
namespace {

constexpr std::size_t few_cells = 4; // below this a hop to another thread costs more than it saves
constexpr std::size_t most_queued_bytes = 1024 * 1024;

// Message types 0x10 to 0x1f are the session's (core/sync/README.md).
bool is_sync(View message) { return !message.empty() && (message.front() & 0xf0U) == 0x10; }

struct Slice {
    std::size_t first = 0;
    std::size_t count = 0;
};

Task<> check_slice(asio::thread_pool& pool, const sync::Authority& authority,
                   sync::Message& message, Slice slice) {
    auto work = [&authority, &message, slice] {
        sync::check_cells(authority, message, slice.first, slice.count);
        return true;
    };
    auto done = blocking(pool, work);
    co_await std::move(done);
}

} // namespace

Task<> check_on(asio::thread_pool& pool, const sync::Authority& authority, sync::Message& message) {
    const std::size_t count = sync::cells_to_check(message);
    if (count <= few_cells) {
        sync::check_cells(authority, message);
        co_return;
    }
    auto executor = co_await asio::this_coro::executor;
    const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    TaskGroup slices(executor);
    for (std::size_t i = 0; i < threads; ++i) {
        const std::size_t first = count * i / threads;
        const Slice slice{first, count * (i + 1) / threads - first};
        slices.spawn(check_slice(pool, authority, message, slice));
    }
    auto all = slices.join();
    co_await std::move(all);
}

Connection::Connection(net::Link& link, sync::Session& session, const sync::Authority& authority,
                       asio::thread_pool& crypto, asio::any_io_executor executor, Hooks hooks)
    : link_(link), session_(session), authority_(authority), crypto_(crypto),
      hooks_(std::move(hooks)), more_(executor), tasks_(std::move(executor)) {}

Task<Error> Connection::run() {
    tasks_.spawn(write());
    auto reading = read();
    Error why = co_await std::move(reading);
    link_.close();
    wake_writer();
    tasks_.cancel();
    auto joined = tasks_.join();
    co_await std::move(joined);
    if (auto kept = session_.close(); !kept)
        log_warning("unfinished_pull_not_kept", "reason", kept.error().message);
    co_return why;
}

Task<Error> Connection::read() {
    end_on(session_.start());
    wake_writer(); // it waits already
    while (!fault_) {
        auto receiving = link_.receive();
        auto message = co_await std::move(receiving);
        if (!message) co_return fault_.value_or(message.error());
        auto feeding = feed(std::move(*message));
        auto fed = co_await std::move(feeding);
        end_on(fed);
        wake_writer();
        if (hooks_.progress) hooks_.progress();
    }
    co_return *fault_;
}

Task<Result<>> Connection::feed(Bytes bytes) {
    if (!is_sync(bytes)) co_return hooks_.other(std::move(bytes));
    auto message = sync::decode(bytes);
    if (!message) co_return std::unexpected(message.error());
    auto checking = check_on(crypto_, authority_, *message);
    co_await std::move(checking);
    auto received = session_.receive(std::move(*message));
    for (const sync::Delta& delta : session_.take_applied())
        hooks_.applied(delta);
    co_return received;
}

Task<> Connection::write() {
    while (!fault_) {
        auto message = next();
        if (!message) {
            end_on(std::unexpected(message.error()));
        } else if (*message) {
            auto sending = link_.send(std::move(**message));
            sending_ = true;
            auto sent = co_await std::move(sending);
            sending_ = false;
            end_on(sent);
        } else {
            more_.expires_at(std::chrono::steady_clock::time_point::max());
            auto waiting = more_.async_wait(as_result);
            co_await std::move(waiting);
        }
    }
}

/// One message at a time: what is queued stays countable until the link has taken it.
Result<std::optional<Bytes>> Connection::next() {
    if (queue_.empty()) return session_.take_outgoing();
    Bytes oldest = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= oldest.size();
    return oldest;
}

void Connection::changed(const sync::Delta& delta) {
    end_on(session_.changed(delta));
    wake_writer();
}

void Connection::resync() {
    end_on(session_.resync());
    wake_writer();
}

void Connection::send(Bytes message) {
    queued_bytes_ += message.size();
    queue_.push_back(std::move(message));
    if (queued_bytes_ > most_queued_bytes)
        end_on(fail(Code::timeout, "the other side does not read what it is sent"));
    wake_writer();
}

void Connection::end_on(const Result<>& result) {
    if (result || fault_) return;
    fault_ = result.error();
    link_.close();
}

} // namespace envmesh::node
