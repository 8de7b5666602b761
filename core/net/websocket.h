// SPDX-License-Identifier: MIT
// WebSocket (RFC 6455) over TLS 1.3 (RFC 8446): dialling and listening. Certificates carry no trust
// here: a listener makes a self-signed one at each start, and who is who is proved over the channel
// binding. No text frames, no compression, no request with an Origin (no browser is a client), no
// session tickets.
#pragma once

#include "core/net/link.h"

#include <array>
#include <chrono>

namespace envmesh::net {

/// What a listener answers to: replication, and the mailbox of invitations.
inline constexpr std::array<std::string_view, 2> paths{"/v1/sync", "/v1/join"};

struct Timeouts {
    std::chrono::milliseconds establish{10'000}; // TCP + TLS + upgrade
    std::chrono::milliseconds ping{20'000};      // idle before a ping; each has half of that
    std::chrono::milliseconds probe{2'000};      // in place of `ping` after Link::probe
    std::chrono::milliseconds close{2'000};
};

struct Url {
    std::string host;
    std::uint16_t port = 8765;
    /// "wss://host[:port]", IPv6 in brackets. `ws://` is refused by name, everything else is
    /// `invalid`.
    static Result<Url> parse(std::string_view text);
    /// "host:port", as an invitation carries it.
    static Result<Url> parse_authority(std::string_view text);
    [[nodiscard]] std::string authority() const;
    [[nodiscard]] std::string to_string() const; // "wss://host:port"
};

/// Connects to each address of the host in turn; all but the last get a quarter of the time.
/// `unreachable` or `timeout`, naming host and cause.
Task<Result<std::unique_ptr<Link>>> dial(Url url, std::string path, Timeouts timeouts);

/// Outlives its links. Before it is destroyed: `close`, then `join`.
class Listener {
  public:
    struct Limits {
        std::size_t connections = 1024; // half of them at most unauthenticated
        std::size_t unauthenticated_per_address = 32;
        std::size_t failures_per_minute = 10;      // per address; then it is refused for a minute
        std::size_t authenticated_per_group = 384; // every device of a full mesh, and half twice
        Timeouts timeouts;
    };

    /// Binds to an IP address ("localhost": 127.0.0.1) and listens. `conflict` when the port is in
    /// use (names it), `denied` when not allowed.
    static Result<std::unique_ptr<Listener>> open(const asio::any_io_executor& executor,
                                                  const std::string& address, std::uint16_t port,
                                                  const Limits& limits);
    virtual ~Listener() = default;

    [[nodiscard]] virtual std::uint16_t port() const = 0; // the bound one, where 0 was asked for
    /// The next connection whose upgrade is done, on a path in `paths`; others were answered 404.
    /// Upgrades run beside each other, so one slow client delays nobody. `unreachable` after
    /// `close`.
    virtual Task<Result<std::unique_ptr<Link>>> accept() = 0;
    virtual void close() = 0;
    /// Waits until the upgrades that were under way have ended.
    virtual Task<> join() = 0;
    /// The link proved that it belongs to this group (a mesh), and no longer counts among the
    /// unauthenticated. False: the group has as many links as it may, and this one is to be closed.
    virtual bool authenticated(const Link& link, const std::string& group) = 0;
    /// The link's handshake failed.
    virtual void failed(const Link& link) = 0;
};

} // namespace envmesh::net
