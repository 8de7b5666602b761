// SPDX-License-Identifier: MIT
// Answers each call of the front ends: one `on` per call, here or in variable_calls.h. Owns the
// node's state: absent, locked, unlocked (a Member with its Links), or a blind server.
#pragma once

#include "core/ipc/service.h"
#include "core/node/blind_meshes.h"
#include "core/node/invitation.h"
#include "core/node/joining.h"
#include "core/node/keychain.h"
#include "core/node/links.h"
#include "core/node/server.h"
#include "core/node/variable_calls.h"

namespace envmesh::node {

class Service final : public ipc::Service {
  public:
    Service(Context& context, std::function<void()> shutdown);
    ~Service() override;

    /// A cloud server opens its database and serves; any other node looks whether it has a vault.
    Result<> start();
    /// Ends all links and locks; nothing of this object runs afterwards.
    Task<> stop();
    void network_changed();
    /// Reads the configuration again and applies it; an error changes nothing. `conflict` for what
    /// only a restart can change.
    Task<Result<>> reload();
    /// Once a minute: idleness, held changes, old invitations, a full disk that has room again.
    void tick();
    [[nodiscard]] const Server* server() const { return server_.get(); }
    /// As the call; whoever locks meanwhile wins.
    Task<Result<>> unlock_by_keychain(Asking asking);
    /// Waits for what is under way. False when it was locked already. The reason is Status's.
    Task<bool> lock_for(std::string reason);
    /// What programs that no shell starts are to get; nothing while there is none to read.
    std::vector<api::Export::Item> injection();

    Task<Result<api::Reply>> handle(api::Request request, ipc::ClientId client) override;
    void leaving(ipc::ClientId client) override;
    void disconnected(ipc::ClientId client) override;
    [[nodiscard]] std::string version() const override;

  private:
    using ClientId = ipc::ClientId;
    template <class Call>
    Task<Result<api::Reply>> answer(Call call, ClientId client);

    // service_vault.cpp
    Task<Result<api::Init::Reply>> on(api::Init call, ClientId);
    Task<Result<api::Done>> on(api::Unlock call, ClientId);
    Task<Result<api::Done>> on(api::UnlockByKeychain call, ClientId);
    Task<Result<api::Done>> on(api::Lock, ClientId);
    Task<Result<api::Keychain::Reply>> on(api::Keychain, ClientId);
    Task<Result<api::Keychain::Reply>> on(api::EnableKeychain call, ClientId);
    Task<Result<api::Done>> on(api::DisableKeychain, ClientId);
    Task<Result<api::Status::Reply>> on(api::Status, ClientId);
    Task<Result<api::ProbeServer::Reply>> on(api::ProbeServer call, ClientId);
    Task<Result<api::Done>> on(api::Shutdown, ClientId);
    Task<Result<api::Done>> on(api::Reload, ClientId);
    Task<Result<api::Done>> on(api::Watch, ClientId);
    // service_mesh.cpp
    Task<Result<api::Sync::Reply>> on(api::Sync call, ClientId);
    Task<Result<api::Peers::Reply>> on(api::Peers, ClientId);
    Task<Result<api::Probe::Reply>> on(api::Probe call, ClientId);
    Task<Result<api::Devices::Reply>> on(api::Devices, ClientId);
    Task<Result<api::Invite::Reply>> on(api::Invite call, ClientId client);
    Task<Result<api::InviteWait::Reply>> on(api::InviteWait call, ClientId client);
    Task<Result<api::InviteAnswer::Reply>> on(api::InviteAnswer call, ClientId client);
    Task<Result<api::Join::Reply>> on(api::Join call, ClientId client);
    Task<Result<api::JoinWait::Reply>> on(api::JoinWait call, ClientId client);
    Task<Result<api::Done>> on(api::JoinConfirm call, ClientId client);

    Result<Member*> unlocked(); // or why there is none
    Result<> require_absent();
    Task<Result<>> listen_anew(const config::Config& before);
    api::Peers::Peer peer(const mesh::DeviceId& device, const mesh::Member& entry) const;
    void withdraw_invitation();
    void drop_unused_invitations();
    void drop_finished_joining();
    void begin(std::unique_ptr<Member> member);
    Task<> read_ahead();
    Task<> lock();
    void applied(const sync::Delta& delta);
    /// Why the server does not take or bring changes, a sentence; empty when it does.
    [[nodiscard]] std::string out_of_step() const;
    api::Sync::Reply sync_state();
    /// Nothing once all that the head names has arrived.
    std::optional<api::JoinWait::Reply> remaining(const mesh::Head& head);
    Result<> verify(const mesh::Head& head);
    Task<Result<Key>> open_with(Secret password);
    Result<> open_member(const Key& key);
    Task<> lock_idle();
    Task<> renew(Key vault_key);
    void stop_asking();

    Context& context_;
    std::function<void()> shutdown_;
    std::unique_ptr<BlindMeshes> meshes_; // of a blind server
    std::unique_ptr<Server> server_;
    std::unique_ptr<Member> member_;
    std::unique_ptr<Links> links_;
    VariableCalls variables_;
    std::unique_ptr<Invitation> invitation_;
    std::vector<std::unique_ptr<Invitation>> withdrawn_; // until no call waits in them
    std::unique_ptr<Joining> joining_;
    ClientId inviting_ = 0, joining_client_ = 0, asking_client_ = 0;
    bool has_vault_ = false, stopping_ = false;
    bool changing_ = false, is_keychain_changing_ = false; // init, unlock or lock is under way
    int calls_ = 0, wrong_passwords_ = 0, ticks_ = 0;      // calls that are running
    std::int64_t not_before_ms_ = 0;                       // steady: no password before
    std::int64_t used_ms_ = 0; // steady: when somebody last asked for a variable
    std::uint64_t locks_ = 0;  // how often it was to be locked
    std::string locked_by_ = "start";
    Signal changed_;
    TaskGroup tasks_, lockings_; // no locking waits for the latter
};

} // namespace envmesh::node
