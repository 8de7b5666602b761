// SPDX-License-Identifier: MIT
// Keeps one link to the cloud server: dials, proves, synchronises, stays; dials again with jittered
// backoff when it is lost, at once when woken. Chain and keys change only between sessions, through
// `between_sessions`.
#pragma once

#include "core/mesh/mailbox.h"
#include "core/node/connection.h"
#include "core/node/greeting.h"
#include "core/node/member.h"
#include "core/node/presence.h"

namespace envmesh::node {

class Uplink {
  public:
    struct Hooks {
        std::function<void(const sync::Delta&)> applied;
        std::function<void()> state_changed;
        std::function<void(const mesh::MailMessage&)> mail;
        std::function<void()> progress;
    };
    Uplink(Context& context, Member& member, Hooks hooks);

    /// Until `stop`; never cancelled from outside, since sessions must end in order.
    Task<> run();
    /// `run` returns soon; calls that wait here fail with `locked`.
    void stop();
    /// Dial now rather than when the backoff ends: the network changed, or a person asked.
    void wake();
    /// Dial now; the present link has a few seconds to show that it still works.
    void network_changed();
    void changed(const sync::Delta& delta);
    /// A whole round now; dials first when there is no link.
    void resync();
    /// Runs `work` when no session is running; ends the present one for it and connects again
    /// after.
    Task<Result<>> between_sessions(std::function<Result<>()> work);
    /// `unreachable` when there is no link.
    Result<> send(const mesh::MailMessage& message);
    [[nodiscard]] bool has_sent_all() const;

    [[nodiscard]] bool is_connected() const { return connection_ != nullptr; }
    /// Connected, both directions done, nothing in flight.
    [[nodiscard]] bool is_in_sync() const;
    /// Why there is no link, a sentence; empty while there is one.
    [[nodiscard]] const std::string& reason() const { return reason_; }
    [[nodiscard]] std::optional<std::int64_t> rtt_ms() const { return rtt_ms_; }
    [[nodiscard]] const Presences& presences() const { return presences_; }
    [[nodiscard]] const sync::Session* session() const;
    [[nodiscard]] const crypto::PublicKey& server_key() const { return server_key_; }

  private:
    // Stands on the stack of the call that waits for it, and leaves the queue with it.
    struct Job {
        Job(Uplink& uplink, std::function<Result<>()> what);
        ~Job();
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        void finish(Result<> outcome);

        Uplink* queued_at;
        std::function<Result<>()> work;
        Result<> result;
        asio::steady_timer done;
    };
    Task<Error> connect_once();
    Task<> dial(net::Url url);
    Task<Result<sync::ServerFacts>> shake_hands(net::Link& link, const ServerSetting& server);
    Task<Error> synchronise(net::Link& link, const sync::ServerFacts& server);
    Result<> on_other(Bytes message);
    Result<> settle_clock(std::uint64_t server_time_ms);
    void run_jobs();
    void set_reason(std::string reason);
    Task<> back_off();

    Context& context_;
    Member& member_;
    Hooks hooks_;
    Connection* connection_ = nullptr;
    net::Link* link_ = nullptr; // while shaking hands or connected
    Result<std::unique_ptr<net::Link>> dialled_;
    TaskGroup dialling_;
    std::list<Job*> jobs_;
    asio::steady_timer nap_;
    bool stopping_ = false;
    int failures_ = 0;
    bool hurry_ = false;
    std::string reason_ = "not connected yet";
    std::optional<std::int64_t> rtt_ms_;
    Presences presences_;
    crypto::PublicKey server_key_{};
};

} // namespace envmesh::node
