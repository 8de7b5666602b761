// SPDX-License-Identifier: MIT
// A host's addresses. The system's resolver cannot be interrupted; this stops waiting for it at the
// limit or at a cancellation, and drops its late answer.
#pragma once

#include "core/base/task.h"

#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace envmesh::net {

using Endpoints = std::vector<asio::ip::tcp::endpoint>;

/// "localhost" is this machine whatever the system's tables say (RFC 6761 §6.3). `unreachable` or
/// `timeout`, naming the host; never empty.
Task<Result<Endpoints>> resolve(std::string host, std::uint16_t port,
                                std::chrono::milliseconds limit);

} // namespace envmesh::net
