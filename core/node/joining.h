// SPDX-License-Identifier: MIT
// Joining a mesh at the new device's side: mailbox, the six digits, a person's consent, the first
// chain, the first synchronisation. Nothing is stored before the admin's signed reply and the
// consent (A13).
#pragma once

#include "core/mesh/invite.h"
#include "core/mesh/mailbox.h"
#include "core/node/lan_search.h"
#include "core/node/member.h"
#include "core/node/vault.h"

namespace envmesh::node {

class Joining {
  public:
    /// `joined` takes over the new member; `progress` tells how far its first synchronisation is.
    struct Hooks {
        std::function<void(std::unique_ptr<Member>)> joined;
        /// Empty once everything in the head has arrived, else how much was received and is
        /// expected.
        std::function<std::optional<api::JoinWait::Reply>(const mesh::Head& head)> remaining;
        /// `denied` when what arrived is not what the head was signed over.
        std::function<Result<>(const mesh::Head& head)> verify;
    };
    Joining(Context& context, mesh::InviteCode code, api::Join call, Hooks hooks);

    /// Up to the six digits.
    Task<Result<std::string>> begin();
    /// The rest; spawn it once `begin` succeeded.
    Task<> finish();
    Task<Result<api::JoinWait::Reply>> wait(std::chrono::milliseconds time);
    Result<> confirm(bool yes);
    /// The front end has gone: ends it unless the person has said yes already.
    void abandon();
    void stop();
    /// Over, and no call waits in it.
    [[nodiscard]] bool may_be_replaced() const { return over_ && users_ == 0; }

  private:
    Task<Result<std::string>> introduce();
    Task<Result<JoinLink>> find_server();
    Task<Result<Bytes>> mail(mesh::MailMessage message, mesh::MailSlot wanted);
    Task<Result<>> carry_on();
    Task<Result<mesh::Chain>> fetch_chain(const mesh::Welcome& welcome);
    Result<mesh::Head> check_head(const mesh::Chain& chain, const mesh::Welcome& welcome) const;
    [[nodiscard]] ServerSetting server(const mesh::Welcome& welcome) const;
    Task<Result<>> settle(mesh::Chain chain, const mesh::Welcome& welcome);
    void set_stage(std::string stage);

    Context& context_;
    mesh::InviteCode code_;
    api::Join call_;
    Hooks hooks_;
    crypto::Identity identity_;
    mesh::Joining joining_;
    net::Url url_;
    std::unique_ptr<LanSearch> search_;
    std::unique_ptr<net::Link> link_;
    crypto::PublicKey server_key_{};
    std::string stage_ = "waiting";
    std::string admin_;
    std::string device_;
    std::optional<mesh::Head> wanted_;
    std::optional<bool> confirmed_;
    std::optional<Error> failed_;
    bool stopped_ = false;
    bool over_ = false;
    int users_ = 0;
    Signal changed_;
};

} // namespace envmesh::node
