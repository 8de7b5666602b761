// SPDX-License-Identifier: MIT
// One invitation at the admin's side, from the code to the new device's welcome (protocol §2.4,
// A13, A14). Lives as long as the front end that asked for it, at most an hour; the mailbox is
// closed when it ends early.
#pragma once

#include "core/mesh/invite.h"
#include "core/node/links.h"

namespace envmesh::node {

class Invitation {
  public:
    /// `unreachable` when no server is connected: nobody could answer.
    static Result<std::unique_ptr<Invitation>> create(Context& context, Member& member,
                                                      Links& links, const api::Invite& call);
    ~Invitation();

    [[nodiscard]] Secret code() const { return code_.to_text(); }
    /// The joiner, once it has shown its keys; `waiting` when the time is over before.
    Task<Result<api::InviteWait::Reply>> wait(std::chrono::milliseconds time);
    /// Adds the device and welcomes it, or ends the invitation.
    Task<Result<api::InviteAnswer::Reply>> answer(bool yes);

    /// Its calls return soon; destroy it once none is running.
    void withdraw();
    [[nodiscard]] bool is_ended() const { return ended_ || welcomed_; }
    [[nodiscard]] bool is_in_use() const { return users_ > 0; }

    void on_mail(const mesh::MailMessage& mail);
    /// Links have come or gone.
    void on_links_changed();

  private:
    Invitation(Context& context, Member& member, Links& links, const crypto::DeviceId& server,
               mesh::InviteCode code, mesh::Role role, std::uint32_t ttl_s);
    Result<> on_slot(const mesh::MailSlotFilled& filled);
    void end(Error error);
    void end_when_expired();
    [[nodiscard]] std::uint32_t seconds_left() const;
    void open();
    void write(mesh::MailSlot slot, Bytes bytes);
    /// The server says that the mailbox stands and the joiner is still there.
    Task<Result<>> confirm();
    Task<Result<>> welcome();

    Context& context_;
    Member& member_;
    Links& links_;
    crypto::DeviceId server_; // that carries it
    bool is_connected_ = false;
    std::int64_t lost_ms_ = 0; // steady: when that ended
    mesh::InviteCode code_;
    mesh::Role role_;
    std::int64_t expires_ms_; // steady
    mesh::Inviter inviter_;
    std::map<mesh::MailSlot, Bytes> sent_; // again after a reconnection
    bool committed_ = false;
    bool opened_ = false;
    int openings_ = 0; // how often the joiner's opening was delivered
    bool welcomed_ = false;
    bool answering_ = false;
    std::optional<Error> ended_;
    int users_ = 0; // calls that wait in here
    Signal changed_;
};

} // namespace envmesh::node
