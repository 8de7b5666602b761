// SPDX-License-Identifier: MIT
// Keeps one link to a server, in the cloud or of the local network: dials, proves, synchronises,
// stays; dials again with jittered backoff when it is lost, at once when woken.
#pragma once

#include "core/mesh/mailbox.h"
#include "core/node/connection.h"
#include "core/node/greeting.h"
#include "core/node/member.h"
#include "core/node/presence.h"

namespace envmesh::node {

class Uplink {
  public:
    /// Where it leads; asked for before each attempt.
    struct Target {
        net::Url url;
        sync::ServerPin pin;
        std::string token;          // for making a mesh there
        bool tells_the_time = true; // within bounds: our own clock may be wrong
    };
    using FindTarget = std::function<Result<Target>()>;
    struct Hooks {
        std::function<void(const sync::Delta&)> applied;
        std::function<void()> state_changed;
        std::function<void(const mesh::MailMessage&)> mail;
        std::function<void()> progress;
    };
    Uplink(Context& context, Member& member, FindTarget find, Hooks hooks);

    /// Until `stop`; never cancelled from outside, since sessions must end in order.
    Task<> run();
    /// `run` returns soon.
    void stop();
    /// Dial now rather than when the backoff ends: the network changed, or a person asked.
    void wake();
    /// As `wake`, and the present link ends: it may lead elsewhere now.
    void redial();
    /// Dial now; the present link has a few seconds to show that it still works.
    void network_changed();
    void changed(const sync::Delta& delta);
    /// A whole round now; dials first when there is no link.
    void resync();
    /// `unreachable` when there is no link.
    Result<> send(const mesh::MailMessage& message);
    [[nodiscard]] bool has_sent_all() const;

    [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }
    /// Connected, both directions done, nothing in flight.
    [[nodiscard]] bool is_in_sync() const;
    /// Why there is no link, a sentence; empty while there is one.
    [[nodiscard]] const std::string& reason() const { return reason_; }
    /// Round trip.
    [[nodiscard]] std::optional<std::int64_t> rtt_ms() const;
    /// "192.0.2.1:8765"; empty while there is no link.
    [[nodiscard]] std::string remote() const;
    [[nodiscard]] const Presences& presences() const { return presences_; }
    [[nodiscard]] const sync::Session* session() const;
    /// The last server that proved itself.
    [[nodiscard]] const crypto::PublicIdentity& server() const { return server_; }
    [[nodiscard]] crypto::DeviceId server_id() const { return server_.id(); }

  private:
    Task<Error> connect_once();
    Task<> dial(net::Url url);
    /// One session; `longer` becomes a chain that wins over ours.
    Task<Error> visit(net::Link& link, const Target& target, std::optional<mesh::Chain>& longer);
    Task<Result<>> shake_hands(net::Link& link, sync::ClientHandshake& handshake);
    Task<Error> synchronise(net::Link& link, const sync::ServerFacts& server);
    Result<> on_other(Bytes message);
    Result<> settle_clock(std::uint64_t server_time_ms);
    void set_reason(std::string reason);
    void log_down(const std::string& reason) const;
    Task<> back_off();

    Context& context_;
    Member& member_;
    FindTarget find_;
    Hooks hooks_;
    Connection* connection_ = nullptr;
    net::Link* link_ = nullptr; // while shaking hands or connected
    Result<std::unique_ptr<net::Link>> dialled_;
    TaskGroup dialling_;
    asio::steady_timer nap_;
    bool stopping_ = false;
    int failures_ = 0;
    bool hurry_ = false;
    std::string reason_ = "not connected yet";
    std::optional<std::int64_t> rtt_ms_;
    Presences presences_;
    crypto::PublicIdentity server_;
    bool proved_ = false;          // somebody has, here
    bool is_of_strangers_ = false; // what leads here is hearsay
};

} // namespace envmesh::node
