// SPDX-License-Identifier: MIT
// Handshakes over links, with their time limits; what uplink, join, probe and server share.
#pragma once

#include "core/node/context.h"
#include "core/sync/handshake.h"

namespace envmesh::node {

/// In a TaskGroup beside what must be done in time; cancel it when that is done.
Task<> close_after(net::Link& link, std::chrono::milliseconds limit);
Task<Result<>> send_all(net::Link& link, sync::Messages messages);
/// As a client, until done or the limit.
Task<Result<>> run_handshake(net::Link& link, sync::ClientHandshake& handshake,
                             std::chrono::milliseconds limit);
/// A link on /v1/join whose server has proved its key; nobody on our side is named.
struct JoinLink {
    std::unique_ptr<net::Link> link;
    sync::ServerFacts server;
};
Task<Result<JoinLink>> dial_join(Context& context, net::Url url, sync::ServerPin pin,
                                 net::Timeouts timeouts);
/// Connects, checks the key, leaves.
Task<Result<sync::ServerFacts>> probe_server(Context& context, net::Url url, sync::ServerPin pin);

} // namespace envmesh::node
