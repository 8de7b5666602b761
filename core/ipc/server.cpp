// SPDX-License-Identifier: MIT
#include "core/ipc/server.h"

#include "core/base/log.h"
#include "core/ipc/connection.h"

#include <cassert>

#include <boost/asio/buffer.hpp>

namespace envmesh::ipc {
namespace {

constexpr std::chrono::milliseconds pause_after_failure{100};

// Said before any hello, and without waiting: whoever does not take it at once is none the wiser.
void turn_away(asio::local::stream_protocol::socket& socket, std::size_t limit) {
    const Result<api::Reply> full =
        fail(Code::denied,
             "The daemon already serves " + std::to_string(limit) + " programs, its limit.",
             "Close some of them, or try again.");
    const auto text = frame(api::encode(0, full).reveal());
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text->reveal().data(), text->size()), ignored);
}

} // namespace

Server::Server(const asio::any_io_executor& executor, Service& service, SameUser same_user,
               Limits limits)
    : executor_(executor), service_(service), same_user_(std::move(same_user)), limits_(limits),
      acceptor_(executor), tasks_(executor) {}

Server::~Server() { assert(connections_.empty()); }

Result<> Server::listen(int native_listener) {
    boost::system::error_code ec;
    acceptor_.assign(asio::local::stream_protocol(), native_listener, ec);
    if (ec) return fail(Code::internal, "The local socket cannot be served: " + ec.message() + '.');
    return {};
}

Task<> Server::run() {
    auto stay = asio::this_coro::throw_if_cancelled(false); // connections end before we do
    co_await stay;
    while (!stopping_) {
        auto next = acceptor_.async_accept(as_result);
        auto [ec, socket] = co_await std::move(next);
        if (!ec) {
            admit(std::move(socket));
            continue;
        }
        if (ec == asio::error::operation_aborted || !acceptor_.is_open()) break;
        log_warning("ipc accept failed", "reason", ec.message());
        auto pause = sleep_for(pause_after_failure); // out of descriptors: some will be freed
        co_await std::move(pause);
    }
    stop();
    auto done = tasks_.join();
    co_await std::move(done);
}

void Server::admit(Socket socket) {
    if (!same_user_(socket.native_handle())) {
        log_warning("ipc refused another user");
        return;
    }
    if (connections_.size() >= limits_.connections) {
        log_warning("ipc refused", "reason", "too many connections");
        return turn_away(socket, limits_.connections);
    }
    tasks_.spawn(serve(std::move(socket), ++last_client_));
}

Task<> Server::serve(Socket socket, ClientId id) {
    Connection connection(std::move(socket), id, service_, limits_);
    const auto place = connections_.insert(connections_.end(), &connection);
    auto work = connection.run();
    co_await std::move(work);
    connections_.erase(place);
}

void Server::stop() {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (Connection* connection : connections_)
        connection->end();
}

void Server::publish(const api::Event& event) {
    const auto whole = frame(api::encode(event).reveal());
    if (!whole) return log_error("ipc event is too large", "event", event.event);
    for (Connection* connection : connections_)
        connection->publish(*whole);
}

} // namespace envmesh::ipc
