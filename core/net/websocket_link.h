// SPDX-License-Identifier: MIT
// The link that Beast and asio::ssl implement. Only the .cpp files of this folder include it: what
// it pulls in takes seconds to compile, and each of its operations is instantiated once.
#pragma once

#include "core/net/admission.h"
#include "core/net/websocket.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace envmesh::net {

using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;
using Stream = boost::beast::websocket::stream<TlsStream, false>; // false: no compression

class WebSocketLink final : public Link {
  public:
    /// On an upgraded stream. `unreachable` when the peer is gone already.
    static Result<std::unique_ptr<Link>> make(Stream stream, std::string path,
                                              const Timeouts& timeouts, Ticket ticket);
    WebSocketLink(Stream stream, std::string path, std::string remote, Block<32> binding,
                  const Timeouts& timeouts, Ticket ticket);

    Task<Result<>> send(Bytes message) override;
    Task<Result<Bytes>> receive() override;
    void close() override;
    Task<> finish() override { return finish(boost::beast::websocket::close_code::normal); }
    void probe() override;
    void set_most_bytes(std::size_t bytes) override { most_bytes_ = bytes; }

    [[nodiscard]] Block<32> channel_binding() const override { return binding_; }
    [[nodiscard]] const std::string& path() const override { return path_; }
    [[nodiscard]] const std::string& remote() const override { return remote_; }
    [[nodiscard]] std::optional<std::chrono::milliseconds> round_trip() const override {
        return round_trip_;
    }
    [[nodiscard]] const Ticket& ticket() const { return ticket_; }

  private:
    using ErrorCode = boost::system::error_code;
    using Steady = std::chrono::steady_clock;

    Task<Result<Bytes>> read_message();
    Task<ErrorCode> read_frames(Bytes& message);
    Task<Error> refuse(boost::beast::websocket::close_code reason, std::string why);
    Task<> watch();
    Task<bool> ping();
    void hear();
    void on_control(boost::beast::websocket::frame_type type);
    Task<ErrorCode> write(Bytes message);
    Task<> finish(boost::beast::websocket::close_code reason);
    Task<bool> say_goodbye(boost::beast::websocket::close_code reason);
    std::unexpected<Error> broken(const ErrorCode& cause) const;

    Stream stream_;
    asio::steady_timer idle_;
    Timeouts timeouts_;
    std::string path_;
    std::string remote_;
    Block<32> binding_;
    std::size_t most_bytes_ = most_bytes_before_authentication;
    std::chrono::milliseconds silence_; // before a ping
    Steady::time_point silent_since_{};
    int missed_ = 0; // pings since then
    bool reading_ = false;
    bool sending_ = false;
    bool heard_ = false; // anything at all since the last look
    Steady::time_point heard_at_{};
    bool dead_ = false;                        // two pings were missed
    std::optional<Steady::time_point> pinged_; // and no answer yet
    std::optional<std::chrono::milliseconds> round_trip_;
    bool closed_ = false;
    Ticket ticket_;
};

/// An IPv4 address that came in at an IPv6 socket (RFC 4291 §2.5.5.2) as itself.
asio::ip::address plain(const asio::ip::address& address);
/// "192.0.2.1:40000", "[2001:db8::1]:40000".
std::string to_text(const asio::ip::tcp::endpoint& endpoint);

} // namespace envmesh::net
