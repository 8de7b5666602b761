// SPDX-License-Identifier: MIT
// The messages that carry the slots of a mailbox (A14), on /v1/join (joiner) and inside the
// member's session on /v1/sync.
#pragma once

#include "core/mesh/slots.h"

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
/// server → either: unknown or expired (not_found); a second writer, or not the opener (denied);
/// too large, or not for this side to say (invalid); too many invitations or messages (conflict);
/// the joiner left (unreachable).
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

} // namespace envmesh::mesh
