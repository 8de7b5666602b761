// SPDX-License-Identifier: MIT
// Accepts links, proves itself first, runs the members' sessions, passes changes on, and carries
// invitations. What it serves, and whether it can read that, is its hosting's affair.
#pragma once

#include "core/mesh/mailbox.h"
#include "core/node/connection.h"
#include "core/node/context.h"
#include "core/node/hosting.h"
#include "core/sync/handshake.h"

namespace envmesh::node {

class Server {
  public:
    /// `own_mail`: what comes for the owner of an invitation that was opened by `send_own`.
    Server(Context& context, Hosting& hosting,
           std::function<void(mesh::MailMessage)> own_mail = {});
    ~Server();

    /// Binds. `conflict` when the port is in use.
    Result<> listen(const std::string& address, std::uint16_t port);
    /// Serves until `stop`.
    Task<> run();
    void stop();
    /// What its hosting holds has changed by other means than a guest.
    void changed(const sync::Delta& delta);
    /// Mail of the member whose server this is, as if it came from a guest.
    Result<> send_own(const mesh::MailMessage& message);

    [[nodiscard]] const crypto::PublicIdentity& keys() const {
        return hosting_.identity().public_identity();
    }
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::vector<api::Peers::Peer> peers() const;
    struct Visitor {
        mesh::DeviceId device{};
        std::string remote; // "192.0.2.1:40000"
        std::optional<std::int64_t> rtt_ms;
    };
    [[nodiscard]] std::vector<Visitor> visitors() const;
    [[nodiscard]] std::size_t devices_online() const { return guests_.size(); }

  private:
    Task<> serve(std::unique_ptr<net::Link> link);
    Task<Result<>> greet(net::Link& link, sync::ServerHandshake& handshake);
    Task<Result<sync::ServerHandshake::Step>> adopt(sync::ServerHandshake& handshake,
                                                    mesh::Chain chain);
    Task<Error> serve_member(net::Link& link, const sync::ServerHandshake& handshake);
    Task<> serve_joiner(net::Link& link, TaskGroup& guard);
    static void close_surplus(const Hosted& hosted, const mesh::DeviceId& device);
    Result<> on_mail(Guest& guest, View message);
    Task<> write_mail(net::Link& link, std::uint64_t number);
    void deliver(const std::vector<mesh::Mailbox::Delivery>& deliveries);
    static void pass_on(const Hosted& hosted, const Guest* from, const sync::Delta& delta);
    Task<> expire_mail();
    void announce(Hosted& hosted);

    Context& context_;
    Hosting& hosting_;
    std::function<void(mesh::MailMessage)> own_mail_;
    mesh::Mailbox mailbox_;
    asio::steady_timer next_expiry_;
    // Joiners have no session whose writer could carry their mail.
    struct Postbox {
        std::vector<Bytes> queue;
        asio::steady_timer* more = nullptr;
    };
    std::map<std::uint64_t, Postbox> joiners_;
    std::map<std::uint64_t, Guest*> guests_;
    std::map<const net::Link*, net::Link*> links_; // all that are open, to be closed by `stop`
    std::uint64_t next_number_ = 2;                // 1 is the owner itself (send_own)
    std::unique_ptr<net::Listener> listener_;
    TaskGroup tasks_;
    bool stopping_ = false;
};

} // namespace envmesh::node
