// SPDX-License-Identifier: MIT
#include "core/ipc/connection.h"

#include "core/base/log.h"
#include "core/ipc/client.h"

#include <boost/asio/buffer.hpp>

namespace envmesh::ipc {

Connection::Connection(Socket socket, ClientId id, Service& service, const Limits& limits)
    : socket_(std::move(socket)), id_(id), service_(service), limits_(limits),
      hello_deadline_(std::chrono::steady_clock::now() + limits.hello),
      timer_(socket_.get_executor()), tasks_(socket_.get_executor()) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
}

Task<> Connection::run() {
    auto stay = asio::this_coro::throw_if_cancelled(false); // our tasks end before we do
    co_await stay;
    tasks_.spawn(watch_deadlines());
    auto reading = read_loop();
    co_await std::move(reading);
    ending_ = true;
    if (greeted_) service_.leaving(id_);
    tasks_.cancel();
    auto done = tasks_.join();
    co_await std::move(done);
    close();
    if (greeted_) service_.disconnected(id_);
}

Task<> Connection::read_loop() {
    while (!ending_) {
        auto next = read_frame();
        const auto body = co_await std::move(next);
        if (!body) {
            if (body.error().code == Code::protocol) reply(0, std::unexpected(body.error()));
            co_return;
        }
        if (greeted_)
            accept_request(*body);
        else if (!greet(*body))
            co_return;
    }
}

Task<Result<Secret>> Connection::read_frame() {
    while (true) {
        const auto space = reader_.space();
        auto buffer = asio::buffer(space.data(), space.size());
        auto read = socket_.async_read_some(buffer, as_result);
        const auto [ec, count] = co_await std::move(read);
        if (ec) co_return fail(Code::unreachable, "The front end has left.");
        const auto complete = reader_.advance(count);
        if (!complete) co_return std::unexpected(complete.error());
        if (*complete) co_return reader_.take();
    }
}

bool Connection::greet(const Secret& body) {
    const auto theirs = api::decode_hello(body.reveal());
    if (!theirs) {
        reply(0, std::unexpected(theirs.error()));
        return false;
    }
    api::Hello mine;
    mine.version = service_.version();
    mine.role = "daemon";
    auto whole = frame(api::encode(mine).reveal());
    if (!whole) return false;
    send(std::move(*whole), limits_.unread_reply_bytes);
    // Ours has told them enough to see which side is old; nothing else can be said.
    if (!compatible(mine, *theirs)) return false;
    greeted_ = true;
    reader_.allow(most_frame_bytes);
    timer_.cancel();
    return true;
}

void Connection::accept_request(const Secret& body) {
    auto numbered = api::decode_request(body.reveal());
    if (!numbered) return reply(api::id_of(body.reveal()), std::unexpected(numbered.error()));
    if (in_flight_.size() >= limits_.in_flight)
        return reply(numbered->id, fail(Code::denied,
                                        "This program has " + std::to_string(limits_.in_flight) +
                                            " requests in flight, the limit.",
                                        "Wait for an answer before asking again."));
    if (std::holds_alternative<api::Watch>(numbered->request)) {
        watching_ = true;
        return reply(numbered->id, api::Reply(api::Done{}));
    }
    const std::uint64_t serial = ++last_serial_;
    const Moment deadline = std::chrono::steady_clock::now() + limit_of(numbered->request);
    in_flight_[serial] = {numbered->id, deadline};
    if (deadline < timer_.expiry()) timer_.cancel(); // the watch has an earlier one
    tasks_.spawn(answer(serial, std::move(numbered->request)));
}

std::chrono::milliseconds Connection::limit_of(const api::Request& request) const {
    const bool asks = std::visit([](const auto& call) { return api::asks_person(call); }, request);
    return asks ? limits_.question : limits_.request;
}

Task<> Connection::answer(std::uint64_t serial, api::Request request) {
    auto work = service_.handle(std::move(request), id_);
    const auto result = co_await std::move(work);
    const auto found = in_flight_.find(serial);
    if (!found->second.answered) reply(found->second.request_id, result);
    in_flight_.erase(found);
}

void Connection::reply(std::uint64_t request_id, const Result<api::Reply>& reply) {
    auto whole = frame(api::encode(request_id, reply).reveal());
    if (!whole) {
        log_error("ipc answer is too large", "client", id_);
        const Result<api::Reply> instead =
            fail(Code::internal, "The answer is larger than 1 MiB and cannot be sent.");
        whole = frame(api::encode(request_id, instead).reveal());
    }
    send(std::move(*whole), limits_.unread_reply_bytes);
}

Task<> Connection::watch_deadlines() {
    while (socket_.is_open()) {
        timer_.expires_at(next_deadline());
        auto wait = timer_.async_wait(as_result);
        co_await std::move(wait);
        expire();
    }
}

Connection::Moment Connection::next_deadline() const {
    if (!greeted_) return hello_deadline_;
    Moment next = Moment::max();
    for (const auto& [serial, request] : in_flight_)
        if (!request.answered) next = std::min(next, request.deadline);
    return next;
}

void Connection::expire() {
    const Moment now = std::chrono::steady_clock::now();
    if (!greeted_ && hello_deadline_ <= now) return end();
    for (auto& [serial, request] : in_flight_) {
        if (request.answered || request.deadline > now) continue;
        request.answered = true;
        reply(request.request_id,
              fail(Code::timeout, "The daemon did not finish the request in time.",
                   "It may still take effect: look before trying again."));
    }
}

void Connection::publish(const Secret& event_frame) {
    if (watching_) send(event_frame.copy(), limits_.unread_event_bytes);
}

void Connection::send(Secret frame, std::size_t most_unread) {
    if (!socket_.is_open()) return;
    unread_bytes_ += frame.size();
    unread_.push_back(std::move(frame));
    if (!draining_) flush();
    if (unread_bytes_ > most_unread) {
        log_warning("ipc dropped a front end that does not read", "client", id_);
        return close();
    }
    if (unread_.empty() || draining_ || ending_) return;
    draining_ = true;
    tasks_.spawn(drain());
}

// Written at once when the socket takes it, so an answer is out before `stop` can be called.
void Connection::flush() {
    while (!unread_.empty() && socket_.is_open()) {
        const View rest = unread_.front().reveal().subspan(written_);
        boost::system::error_code ec;
        const std::size_t count = socket_.write_some(asio::buffer(rest.data(), rest.size()), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) return;
        if (ec) return close();
        written_ += count;
        unread_bytes_ -= count;
        if (written_ < unread_.front().size()) continue;
        unread_.pop_front();
        written_ = 0;
    }
}

Task<> Connection::drain() {
    while (!unread_.empty() && socket_.is_open()) {
        auto writable = socket_.async_wait(Socket::wait_write, as_result);
        const auto [ec] = co_await std::move(writable);
        if (ec) break;
        flush();
    }
    draining_ = false;
}

void Connection::end() {
    ending_ = true;
    boost::system::error_code ignored;
    socket_.shutdown(Socket::shutdown_receive, ignored);
}

void Connection::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    unread_.clear();
    unread_bytes_ = written_ = 0;
}

} // namespace envmesh::ipc
