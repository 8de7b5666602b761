// SPDX-License-Identifier: MIT
#include "core/net/websocket_link.h"

#include "core/net/tls.h"
#include "core/net/within.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace envmesh::net {
namespace {

namespace websocket = boost::beast::websocket;

constexpr std::size_t chunk = 64 * 1024;
constexpr int pings_to_miss = 2;

} // namespace

asio::ip::address plain(const asio::ip::address& address) {
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    return mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()) : address;
}

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
    const Url url{plain(endpoint.address()).to_string(), endpoint.port()};
    return url.authority();
}

Result<std::unique_ptr<Link>> WebSocketLink::make(Stream stream, std::string path,
                                                  const Timeouts& timeouts, Ticket ticket) {
    ErrorCode error;
    auto& socket = stream.next_layer().next_layer();
    const auto remote = socket.remote_endpoint(error);
    if (error) return fail(Code::unreachable, "The other side closed the connection.");
    auto binding = exporter(stream.next_layer().native_handle());
    if (!binding) return std::unexpected(binding.error());
    return std::make_unique<WebSocketLink>(std::move(stream), std::move(path), to_text(remote),
                                           *binding, timeouts, std::move(ticket));
}

WebSocketLink::WebSocketLink(Stream stream, std::string path, std::string remote, Block<32> binding,
                             const Timeouts& timeouts, Ticket ticket)
    : stream_(std::move(stream)), idle_(stream_.get_executor()), timeouts_(timeouts),
      path_(std::move(path)), remote_(std::move(remote)), binding_(binding),
      silence_(timeouts.ping), ticket_(std::move(ticket)) {
    stream_.binary(true);
    stream_.auto_fragment(false);
    stream_.read_message_max(0); // read_frames holds to most_bytes_, so that the cause is told
    stream_.control_callback(
        [this](websocket::frame_type type, boost::beast::string_view) { on_control(type); });
}

void WebSocketLink::on_control(websocket::frame_type type) {
    using std::chrono::milliseconds;
    hear();
    if (type != websocket::frame_type::pong || !pinged_) return;
    const auto taken = Steady::now() - *std::exchange(pinged_, std::nullopt);
    round_trip_ = std::chrono::ceil<milliseconds>(taken);
}

// One read at a time, watched for silence; both have ended when this returns.
Task<Result<Bytes>> WebSocketLink::receive() {
    using asio::experimental::awaitable_operators::operator&&;
    reading_ = true;
    auto reading = read_message();
    auto watching = watch();
    auto both = std::move(reading) && std::move(watching);
    co_return co_await std::move(both);
}

Task<Result<Bytes>> WebSocketLink::read_message() {
    co_await asio::this_coro::throw_if_cancelled(false);
    Bytes message;
    const ErrorCode error = co_await read_frames(message);
    reading_ = false;
    idle_.cancel();
    if (dead_)
        co_return fail(Code::timeout, remote_ + " has not answered for " +
                                          std::to_string(2 * silence_.count() / 1000) +
                                          " seconds.");
    if (error) {
        close();
        co_return broken(error);
    }
    if (!stream_.got_binary()) {
        auto refusing = refuse(websocket::close_code::unknown_data, "a text message");
        co_return std::unexpected(co_await std::move(refusing));
    }
    if (message.size() > most_bytes_) {
        auto refusing = refuse(websocket::close_code::too_big, "a message longer than allowed");
        co_return std::unexpected(co_await std::move(refusing));
    }
    co_return message;
}

Task<Error> WebSocketLink::refuse(websocket::close_code reason, std::string why) {
    auto finishing = finish(reason);
    co_await std::move(finishing);
    co_return Error{Code::protocol, remote_ + " sent " + why + ".", {}};
}

Task<WebSocketLink::ErrorCode> WebSocketLink::read_frames(Bytes& message) {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (closed_) co_return asio::error::not_connected;
    auto buffer = asio::dynamic_buffer(message);
    do {
        auto read = stream_.async_read_some(buffer, chunk, as_result);
        const auto [error, size] = co_await std::move(read);
        if (error) co_return error;
        hear();
        if (!stream_.got_binary() || message.size() > most_bytes_) break;
    } while (!stream_.is_message_done());
    co_return ErrorCode();
}

// Silence is counted from the last byte that came, whenever this looks.
Task<> WebSocketLink::watch() {
    co_await asio::this_coro::throw_if_cancelled(false);
    hear();
    while (reading_) {
        if (std::exchange(heard_, false)) {
            silent_since_ = heard_at_;
            silence_ = timeouts_.ping;
            missed_ = 0;
        }
        idle_.expires_at(silent_since_ + silence_ + missed_ * silence_ / 2);
        if (idle_.expiry() > Steady::now()) {
            auto wait = idle_.async_wait(as_result);
            co_await std::move(wait); // `probe` cuts it short
            continue;
        }
        if (missed_ == pings_to_miss) {
            dead_ = true;
            close();
            break;
        }
        ++missed_;
        // A send that is under way asks as much of the peer as a ping would.
        if (sending_) continue;
        auto pinging = ping();
        auto bounded = within(silence_, std::move(pinging));
        const auto sent = co_await std::move(bounded);
        if (!sent) close();
    }
}

void WebSocketLink::hear() {
    heard_ = true;
    heard_at_ = Steady::now();
}

Task<bool> WebSocketLink::ping() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const websocket::ping_data nothing;
    pinged_ = Steady::now();
    auto write = stream_.async_ping(nothing, as_result);
    const auto [error] = co_await std::move(write);
    co_return !error;
}

Task<Result<>> WebSocketLink::send(Bytes message) {
    if (closed_) co_return broken(asio::error::not_connected);
    sending_ = true;
    auto writing = write(std::move(message));
    const auto limit = 3 * timeouts_.ping;
    auto bounded = within(limit, std::move(writing));
    const auto error = co_await std::move(bounded);
    sending_ = false;
    if (error && !*error) co_return Result<>();
    close();
    if (error) co_return broken(*error);
    co_return fail(Code::timeout, remote_ + " takes no more data.");
}

Task<WebSocketLink::ErrorCode> WebSocketLink::write(Bytes message) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto buffer = asio::buffer(message);
    auto write = stream_.async_write(buffer, as_result);
    const auto [error, size] = co_await std::move(write);
    co_return error;
}

// One that is running is not begun anew: many changes of the network in a row are no silence.
void WebSocketLink::probe() {
    if (silence_ == timeouts_.probe && !heard_) return;
    silence_ = timeouts_.probe;
    silent_since_ = Steady::now() - silence_; // a ping is due now
    missed_ = 0;
    heard_ = false;
    idle_.cancel();
}

void WebSocketLink::close() {
    closed_ = true;
    ErrorCode ignored;
    auto& socket = stream_.next_layer().next_layer();
    socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
}

Task<> WebSocketLink::finish(websocket::close_code reason) {
    if (closed_) co_return;
    auto goodbye = say_goodbye(reason);
    auto bounded = within(timeouts_.close, std::move(goodbye));
    co_await std::move(bounded);
    close();
}

Task<bool> WebSocketLink::say_goodbye(websocket::close_code reason) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const websocket::close_reason why(reason);
    auto goodbye = stream_.async_close(why, as_result);
    const auto [error] = co_await std::move(goodbye);
    co_return !error;
}

std::unexpected<Error> WebSocketLink::broken(const ErrorCode& cause) const {
    if (cause == websocket::condition::protocol_violation)
        return fail(Code::protocol,
                    remote_ + " breaks the WebSocket protocol: " + cause.message() + ".");
    return fail(Code::unreachable, "The connection to " + remote_ + " has ended.");
}

} // namespace envmesh::net
