// SPDX-License-Identifier: MIT
// The server's side of setting up one connection: TLS, the HTTP request, the WebSocket upgrade.
#pragma once

#include "core/net/websocket_link.h"

#include <boost/asio/ssl/context.hpp>

namespace envmesh::net {

/// Answers 403 to a request with an Origin, 404 to one for another path, 426 to one that asks for
/// no upgrade, and closes. The limit for all of it is the caller's. Never throws.
Task<Result<std::unique_ptr<Link>>> upgrade(asio::ip::tcp::socket socket,
                                            asio::ssl::context& context, Timeouts timeouts,
                                            Ticket ticket);

} // namespace envmesh::net
