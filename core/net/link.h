// SPDX-License-Identifier: MIT
// One connection that carries whole messages: a WebSocket over TLS 1.3. Says nothing about who is
// at the other end; core/sync/handshake.h proves that, bound to this connection by
// `channel_binding`.
//
// A link must outlive its running sends and receives: end them (close, or cancel their tasks) and
// wait for them before destroying it.
#pragma once

#include "core/base/bytes.h"
#include "core/base/task.h"

#include <chrono>
#include <memory>
#include <optional>

namespace envmesh::net {

class Link {
  public:
    virtual ~Link() = default;

    /// One binary message; one send at a time. `unreachable` when the connection is gone,
    /// `timeout` when the peer takes nothing for as long as three pings.
    virtual Task<Result<>> send(Bytes message) = 0;
    /// The next message. One receive at a time, may run beside a send. `unreachable` when closed,
    /// `timeout` when the peer missed two pings, `protocol` for a text or over-long message (the
    /// link is closed then). Pings are sent while a receive is running.
    virtual Task<Result<Bytes>> receive() = 0;
    /// Ends the connection at once; running sends and receives end with an error. Safe to call
    /// twice.
    virtual void close() = 0;
    /// Says goodbye, then closes: what was sent before still arrives, unlike with `close` while the
    /// peer is sending. Takes at most the limit for closing; no send or receive may be running.
    virtual Task<> finish() = 0;
    /// The network may have changed: without a sign of life within seconds (`Timeouts::probe`), a
    /// running receive ends with `timeout`.
    virtual void probe() = 0;
    /// Messages above this end the link: 4 KiB before authentication, 1 MiB after (protocol §2.10).
    virtual void set_most_bytes(std::size_t bytes) = 0;

    /// RFC 9266 "tls-exporter", 32 bytes: equal at both ends of one TLS connection and of no other.
    [[nodiscard]] virtual Block<32> channel_binding() const = 0;
    [[nodiscard]] virtual const std::string& path() const = 0;   // "/v1/sync" or "/v1/join"
    [[nodiscard]] virtual const std::string& remote() const = 0; // "192.0.2.1:40000"
    /// As the last ping took it, rounded up; nothing before the first.
    [[nodiscard]] virtual std::optional<std::chrono::milliseconds> round_trip() const = 0;
};

inline constexpr std::size_t most_bytes_before_authentication = 4 * 1024;
inline constexpr std::size_t most_bytes_after_authentication = 1024 * 1024;

} // namespace envmesh::net
