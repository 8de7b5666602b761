// SPDX-License-Identifier: MIT
#include "core/net/resolve.h"
#include "core/net/tls.h"
#include "core/net/websocket_link.h"
#include "core/net/within.h"

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

namespace envmesh::net {
namespace {

namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using LinkResult = Result<std::unique_ptr<Link>>;

std::unexpected<Error> no_connection(const Url& url, const std::string& cause) {
    return fail(Code::unreachable, "Cannot connect to " + url.authority() + ": " + cause + ".",
                "Check that the server runs and that its address is right.");
}

std::string refusal(const websocket::response_type& response,
                    const boost::system::error_code& error) {
    if (error != websocket::error::upgrade_declined)
        return "the WebSocket upgrade failed (" + error.message() + ")";
    return "it answers with HTTP status " + std::to_string(response.result_int()) +
           ", so it is no EnvMesh server";
}

Task<LinkResult> connect(tcp::endpoint endpoint, const Url& url, const std::string& path,
                         asio::ssl::context& context, const Timeouts& timeouts) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto executor = co_await asio::this_coro::executor;
    Stream stream(tcp::socket(executor), context);
    auto& socket = stream.next_layer().next_layer();
    auto connecting = socket.async_connect(endpoint, as_result);
    const auto [unreachable] = co_await std::move(connecting);
    if (unreachable) co_return no_connection(url, unreachable.message());
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);

    auto handshake = stream.next_layer().async_handshake(TlsStream::client, as_result);
    const auto [not_tls] = co_await std::move(handshake);
    if (not_tls) co_return no_connection(url, "no TLS 1.3 connection (" + not_tls.message() + ")");

    websocket::response_type response;
    const std::string host = url.authority();
    auto upgrade = stream.async_handshake(response, host, path, as_result);
    const auto [not_upgraded] = co_await std::move(upgrade);
    if (not_upgraded) co_return no_connection(url, refusal(response, not_upgraded));
    co_return WebSocketLink::make(std::move(stream), path, timeouts, Ticket());
}

} // namespace

Task<LinkResult> dial(Url url, std::string path, Timeouts timeouts) {
    auto looking = resolve(url.host, url.port, timeouts.establish);
    const auto endpoints = co_await std::move(looking);
    if (!endpoints) co_return std::unexpected(endpoints.error());
    auto tls = client_context();
    if (!tls) co_return std::unexpected(tls.error());
    asio::ssl::context context(tls->release());

    LinkResult outcome = fail(Code::unreachable, url.authority() + " has no address.");
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
        // An address that swallows packets must not use up the time of one that works.
        const bool last = i + 1 == endpoints->size();
        const auto limit = last ? timeouts.establish : timeouts.establish / 4;
        auto connecting = connect((*endpoints)[i], url, path, context, timeouts);
        auto bounded = within(limit, std::move(connecting));
        auto connected = co_await std::move(bounded);
        if (!connected)
            outcome = fail(Code::timeout, url.authority() + " did not answer in time.",
                           "Check that the server runs and that no firewall is in between.");
        else
            outcome = *std::move(connected);
        if (outcome) break;
    }
    co_return outcome;
}

} // namespace envmesh::net
