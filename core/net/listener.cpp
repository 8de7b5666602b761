// SPDX-License-Identifier: MIT
#include "core/base/log.h"
#include "core/net/tls.h"
#include "core/net/upgrade.h"
#include "core/net/within.h"

#include <deque>

#include <boost/asio/ip/v6_only.hpp>

namespace envmesh::net {
namespace {

using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using LinkResult = Result<std::unique_ptr<Link>>;

constexpr std::chrono::milliseconds pause_after_error{100};

class WebSocketListener final : public Listener {
  public:
    WebSocketListener(tcp::acceptor acceptor, TlsContext context, const Limits& limits)
        : acceptor_(std::move(acceptor)), context_(context.release()), timeouts_(limits.timeouts),
          admission_({limits.connections, limits.unauthenticated_per_address,
                      limits.failures_per_minute, limits.authenticated_per_group}),
          arrived_(acceptor_.get_executor()), tasks_(acceptor_.get_executor()) {
        ErrorCode ignored;
        port_ = acceptor_.local_endpoint(ignored).port();
        tasks_.spawn(run());
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }
    Task<LinkResult> accept() override;
    void close() override;
    Task<> join() override { return tasks_.join(); }
    bool authenticated(const Link& link, const std::string& group) override {
        return admission_.authenticated(id(link), group);
    }
    void failed(const Link& link) override {
        admission_.failed(id(link), std::chrono::steady_clock::now());
    }

  private:
    Task<> run();
    Task<> establish(tcp::socket socket, Ticket ticket);
    void admit(tcp::socket socket);
    static Admission::Id id(const Link& link) {
        const auto* ours = dynamic_cast<const WebSocketLink*>(&link);
        return ours ? ours->ticket().id() : 0;
    }

    tcp::acceptor acceptor_;
    asio::ssl::context context_;
    Timeouts timeouts_;
    std::uint16_t port_ = 0;
    bool closed_ = false;
    Admission admission_;
    std::deque<std::unique_ptr<Link>> ready_;
    asio::steady_timer arrived_;
    TaskGroup tasks_;
};

Task<> WebSocketListener::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closed_) {
        auto accepting = acceptor_.async_accept(as_result);
        auto [error, socket] = co_await std::move(accepting);
        if (closed_) break;
        if (!error) {
            admit(std::move(socket));
            continue;
        }
        // Out of descriptors, most likely: at once it would fail again.
        auto pause = sleep_for(pause_after_error);
        co_await std::move(pause);
    }
}

void WebSocketListener::admit(tcp::socket socket) {
    ErrorCode error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const std::string address = remote.address().to_string();
    const auto id = admission_.enter(address, std::chrono::steady_clock::now());
    if (id == 0) {
        log_debug("connection refused", "address", address);
        return;
    }
    tasks_.spawn(establish(std::move(socket), Ticket(admission_, id)));
}

Task<> WebSocketListener::establish(tcp::socket socket, Ticket ticket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto upgrading = upgrade(std::move(socket), context_, timeouts_, std::move(ticket));
    auto bounded = within(timeouts_.establish, std::move(upgrading));
    auto link = co_await std::move(bounded);
    if (!link || !*link) {
        log_debug("no connection", "reason", link ? link->error().message : "too slow");
        co_return;
    }
    if (closed_) co_return;
    ready_.push_back(**std::move(link));
    arrived_.cancel();
}

Task<LinkResult> WebSocketListener::accept() {
    while (ready_.empty() && !closed_) {
        arrived_.expires_at(std::chrono::steady_clock::time_point::max());
        auto wait = arrived_.async_wait(as_result);
        co_await std::move(wait);
    }
    if (closed_) co_return fail(Code::unreachable, "The listener is closed.");
    auto link = std::move(ready_.front());
    ready_.pop_front();
    co_return link;
}

void WebSocketListener::close() {
    closed_ = true;
    ErrorCode ignored;
    acceptor_.close(ignored);
    ready_.clear();
    tasks_.cancel();
    arrived_.cancel();
}

std::unexpected<Error> cannot_listen(const tcp::endpoint& endpoint, const ErrorCode& cause) {
    const std::string where = to_text(endpoint);
    if (cause == asio::error::address_in_use)
        return fail(Code::conflict, "Another program already listens on " + where + ".",
                    "Stop it, or choose another port.");
    if (cause == asio::error::access_denied)
        return fail(Code::denied, "This user may not listen on " + where + ".",
                    "Choose a port above 1023.");
    return fail(Code::invalid, "Cannot listen on " + where + ": " + cause.message() + ".",
                "Check the listening address.");
}

} // namespace

Result<std::unique_ptr<Listener>> Listener::open(const asio::any_io_executor& executor,
                                                 const std::string& address, std::uint16_t port,
                                                 const Limits& limits) {
    ErrorCode error;
    const auto parsed =
        asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
    if (error)
        return fail(Code::invalid, "\"" + address + "\" is not an IP address to listen on.",
                    "Use 127.0.0.1, 0.0.0.0 or ::.");
    const tcp::endpoint endpoint(parsed, port);
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && parsed.is_v6()) // "::" is IPv4 too, whatever the system's default
        acceptor.set_option(asio::ip::v6_only(!parsed.is_unspecified()), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return cannot_listen(endpoint, error);
    auto context = server_context();
    if (!context) return std::unexpected(context.error());
    return std::make_unique<WebSocketListener>(std::move(acceptor), *std::move(context), limits);
}

} // namespace envmesh::net
