// SPDX-License-Identifier: MIT
// TLS contexts (OpenSSL): version 1.3 only (RFC 8446), no tickets, no early data, no compression.
// Certificates carry no trust: a server context makes its own self-signed Ed25519 one, a client
// context verifies none. Trust is proved over `exporter`.
#pragma once

#include "core/base/bytes.h"
#include "core/base/error.h"

#include <memory>

struct ssl_ctx_st;
struct ssl_st;

namespace envmesh::net {

struct FreeTlsContext {
    void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeTlsContext>;

/// `internal` when OpenSSL refuses.
Result<TlsContext> client_context();
/// With a new key and certificate at each call.
Result<TlsContext> server_context();

/// RFC 9266: "EXPORTER-Channel-Binding", no context, 32 bytes. `internal` before the handshake is
/// done.
Result<Block<32>> exporter(ssl_st* connection);

} // namespace envmesh::net
