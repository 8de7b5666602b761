// SPDX-License-Identifier: MIT
// The blind server: accepts links, proves itself first, keeps each mesh's chain and cells under
// that mesh's own quota, passes changes on, and carries invitations. It has no key to any of it.
#pragma once

#include "core/mesh/mailbox.h"
#include "core/node/connection.h"
#include "core/node/context.h"
#include "core/node/presence.h"
#include "core/storage/cells.h"
#include "core/sync/handshake.h"

namespace envmesh::node {

class Server {
  public:
    /// `token`: what a new mesh must bring when the policy asks for one.
    static Result<std::unique_ptr<Server>> open(Context& context, const Key& vault_key,
                                                std::string token);
    ~Server();

    /// Binds and serves until `stop`. `conflict` at once when the port is in use.
    Result<> listen();
    Task<> run();
    void stop();
    /// Tries a full or failing disk again. Called every minute, and before a write.
    void recover();

    [[nodiscard]] const crypto::PublicIdentity& keys() const { return identity_.public_identity(); }
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::vector<api::Peers::Peer> peers() const;
    [[nodiscard]] std::size_t devices_online() const;
    [[nodiscard]] bool degraded() const { return database_->degraded(); }

    struct Identified {
        std::unique_ptr<storage::Database> database;
        crypto::Identity identity;
    };
    /// Opens the server's database and its identity, which is made where there is none.
    static Result<Identified> identify(Context& context, const Key& vault_key);

  private:
    struct Hosted; // one mesh
    struct Guest;  // one authenticated connection
    Server(Context& context, Identified identified, std::string token);

    Result<> load_meshes();
    Hosted* find(const mesh::MeshId& mesh);
    Result<Hosted*> host(mesh::Chain chain);
    bool may_create(std::string_view token) const;
    /// Why the owner's limits leave no room for it.
    std::optional<Error> objection(const mesh::Chain& chain);

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
    Task<> expire_mail();
    void pass_on(Hosted& hosted, const Guest* from, const sync::Delta& delta);
    void announce(Hosted& hosted);

    Context& context_;
    std::unique_ptr<storage::Database> database_;
    crypto::Identity identity_;
    std::string token_;
    storage::Meshes meshes_;
    std::map<mesh::MeshId, std::unique_ptr<Hosted>> hosted_;
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
    std::uint64_t next_number_ = 1;
    std::int64_t recover_not_before_ms_ = 0; // steady
    std::unique_ptr<net::Listener> listener_;
    TaskGroup tasks_;
    bool stopping_ = false;
};

} // namespace envmesh::node
