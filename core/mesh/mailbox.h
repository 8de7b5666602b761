// SPDX-License-Identifier: MIT
// The server's half of joining (A14): for each rendezvous that an authenticated member has opened,
// four write-once slots, for at most an hour, in memory. Also the messages that carry them, on
// /v1/join (joiner) and inside the member's session on /v1/sync. The server understands nothing of
// the contents.
#pragma once

#include "core/mesh/invite.h"

namespace envmesh::mesh {

/// Message types 0x20 to 0x2f; the first byte of the message.
struct MailOpen { // member → server; again after a reconnection
    RendezvousId rendezvous{};
    std::uint32_t ttl_s = 600; // at most 3600
};
struct MailWrite { // either → server
    RendezvousId rendezvous{};
    MailSlot slot = MailSlot::j1;
    Bytes bytes;
};
struct MailRead { // joiner → server: answer as soon as the slot is written
    RendezvousId rendezvous{};
    MailSlot slot = MailSlot::a1;
};
struct MailSlotFilled { // server → either
    RendezvousId rendezvous{};
    MailSlot slot = MailSlot::j1;
    Bytes bytes;
};
struct MailClose { // member → server: the invitation is over
    RendezvousId rendezvous{};
};
/// server → either: unknown or expired (not_found), second writer (denied), too large (invalid).
struct MailError {
    RendezvousId rendezvous{};
    Code code = Code::not_found;
};
using MailMessage =
    std::variant<MailOpen, MailWrite, MailRead, MailSlotFilled, MailClose, MailError>;

Bytes encode(const MailMessage& message);
/// `protocol` when the bytes are no mail message.
Result<MailMessage> decode_mail(View bytes);
bool is_mail(View bytes);

/// All mailboxes of one server. `now_ms` is steady time.
class Mailbox {
  public:
    static constexpr std::size_t most_open = 1024;
    static constexpr std::size_t most_open_per_mesh = 8;

    using Recipient = std::uint64_t; // the caller's number for a connection
    struct Delivery {
        Recipient to = 0;
        Bytes message;
    };

    /// What a member's session said; answers and deliveries to send.
    std::vector<Delivery> from_member(Recipient from, const MeshId& mesh,
                                      const MailMessage& message, std::int64_t now_ms);
    /// What a joiner said on /v1/join: only MailWrite of j1 and j2, and MailRead of a1 and a2.
    std::vector<Delivery> from_joiner(Recipient from, const MailMessage& message,
                                      std::int64_t now_ms);
    void disconnected(Recipient who);

  private:
    struct Box {
        MeshId mesh{};
        Recipient member = 0;
        std::optional<Recipient> joiner; // the writer of j1; nobody else may write j2
        std::int64_t expires_ms = 0;
        std::map<MailSlot, Bytes> slots;
        std::map<MailSlot, Recipient> waiting;
    };
    std::map<RendezvousId, Box> boxes_;
};

} // namespace envmesh::mesh
