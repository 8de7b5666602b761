// SPDX-License-Identifier: MIT
#include "core/net/upgrade.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>

namespace envmesh::net {
namespace {

namespace http = boost::beast::http;
using Request = http::request<http::empty_body>;

constexpr std::uint32_t most_header_bytes = 8 * 1024;

http::status verdict(const Request& request) {
    if (request.find(http::field::origin) != request.end()) return http::status::forbidden;
    const auto target = request.target();
    const std::string_view path(target.data(), target.size());
    if (std::ranges::find(paths, path) == paths.end()) return http::status::not_found;
    if (!boost::beast::websocket::is_upgrade(request)) return http::status::upgrade_required;
    return http::status::switching_protocols;
}

Task<Result<Request>> read_request(TlsStream& stream) {
    co_await asio::this_coro::throw_if_cancelled(false);
    boost::beast::flat_buffer buffer(2 * most_header_bytes);
    http::request_parser<http::empty_body> parser;
    parser.header_limit(most_header_bytes);
    auto read = http::async_read_header(stream, buffer, parser, as_result);
    const auto [error, size] = co_await std::move(read);
    if (error)
        co_return fail(Code::protocol, "The HTTP request is not acceptable: " + error.message());
    // A client speaks only after the answer; what came early would be lost to the WebSocket.
    if (buffer.size() != 0)
        co_return fail(Code::protocol, "The HTTP request is followed by early data.");
    co_return parser.release();
}

Task<> refuse(TlsStream& stream, http::status status) {
    co_await asio::this_coro::throw_if_cancelled(false);
    http::response<http::empty_body> response(status, 11);
    response.keep_alive(false);
    response.content_length(0);
    auto write = http::async_write(stream, response, as_result);
    const auto [error, size] = co_await std::move(write);
    if (error) co_return;
    auto shutdown = stream.async_shutdown(as_result);
    co_await std::move(shutdown);
}

} // namespace

Task<Result<std::unique_ptr<Link>>> upgrade(asio::ip::tcp::socket socket,
                                            asio::ssl::context& context, Timeouts timeouts,
                                            Ticket ticket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    boost::system::error_code error;
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    Stream stream(std::move(socket), context);
    auto handshake = stream.next_layer().async_handshake(TlsStream::server, as_result);
    const auto [not_tls] = co_await std::move(handshake);
    if (not_tls) co_return fail(Code::protocol, "The TLS handshake failed: " + not_tls.message());

    auto reading = read_request(stream.next_layer());
    const auto request = co_await std::move(reading);
    if (!request) co_return std::unexpected(request.error());
    const http::status status = verdict(*request);
    if (status != http::status::switching_protocols) {
        auto refusing = refuse(stream.next_layer(), status);
        co_await std::move(refusing);
        co_return fail(Code::protocol, "The HTTP request was answered with status " +
                                           std::to_string(static_cast<unsigned>(status)) + ".");
    }
    auto accept = stream.async_accept(*request, as_result);
    const auto [not_upgraded] = co_await std::move(accept);
    if (not_upgraded)
        co_return fail(Code::protocol, "The upgrade failed: " + not_upgraded.message());
    const auto target = request->target();
    std::string path(target.data(), target.size());
    co_return WebSocketLink::make(std::move(stream), std::move(path), timeouts, std::move(ticket));
}

} // namespace envmesh::net
