// SPDX-License-Identifier: MIT
// The server's half of joining (A14): for each rendezvous that an authenticated member has opened,
// four write-once slots, for at most an hour, in memory. The server understands nothing of the
// contents. A second writer closes the box, and both sides are told (`denied`); a joiner that waits
// is told when the member closes it (`unreachable`) or its time is over (`not_found`).
#pragma once

#include "core/mesh/mail_message.h"

#include <map>
#include <optional>

namespace envmesh::mesh {

/// All mailboxes of one server. `now_ms` is steady time.
class Mailbox {
  public:
    static constexpr std::size_t most_open = 1024;
    static constexpr std::size_t most_open_per_mesh = 8;
    static constexpr std::size_t most_bytes = 16 * 1024 * 1024; // in all boxes
    static constexpr std::uint32_t most_ttl_s = 3600;
    static constexpr unsigned most_messages_a_minute = 120; // of one connection
    /// How long a joiner may take to fetch a2 when the member has closed the box behind it.
    static constexpr std::int64_t farewell_ms = 60'000;

    using Recipient = std::uint64_t; // the caller's number for a connection; never 0, never reused
    struct Delivery {
        Recipient to = 0;
        Bytes message;
    };
    using Deliveries = std::vector<Delivery>;

    /// What a member's session said; answers and deliveries to send. What succeeds is not answered.
    /// MailOpen by the same mesh again attaches the box to this connection and delivers j1 and j2
    /// as far as they are there; its end stays what it was.
    Deliveries from_member(Recipient from, const MeshId& mesh, const MailMessage& message,
                           std::int64_t now_ms);
    /// What a joiner said on /v1/join: only MailWrite of j1 and j2, and MailRead of a1 and a2, the
    /// latter three by who wrote j1.
    Deliveries from_joiner(Recipient from, const MailMessage& message, std::int64_t now_ms);
    /// Whether a box that is open took this connection's j1.
    [[nodiscard]] bool is_joining(Recipient who) const;
    /// A joiner that leaves before a2 was written cannot come back: its box is closed, and the
    /// member is told (`unreachable`).
    Deliveries disconnected(Recipient who);
    /// When the next box ends: call `expire` then.
    [[nodiscard]] std::optional<std::int64_t> next_end() const;
    /// Who waits is told `not_found`.
    Deliveries expire(std::int64_t now_ms);

  private:
    struct Box {
        MeshId mesh{};
        Recipient member = 0;            // 0 while the member is away
        std::optional<Recipient> joiner; // the writer of j1; nobody else may write j2
        std::int64_t expires_ms = 0;
        std::map<MailSlot, Bytes> slots;
        std::map<MailSlot, Recipient> waiting;
        /// By a second writer (denied) or a joiner that left (unreachable); kept to its end, so
        /// that each side learns of it.
        std::optional<Code> closed;
    };
    using Boxes = std::map<RendezvousId, Box>;
    struct Rate {
        std::int64_t since_ms = 0;
        unsigned messages = 0;
    };
    struct Request; // one message on its way through, and what it causes to be sent

    bool is_flooding(Request& request);
    void open(Request& request, const MeshId& mesh, std::uint32_t ttl_s);
    void close(Request& request, const MeshId& mesh);
    void member_writes(Request& request, const MeshId& mesh, const MailWrite& message);
    void joiner_writes(Request& request, const MailWrite& message);
    void joiner_reads(Request& request, MailSlot slot);
    /// Null when there is none or it was closed; then the request was answered.
    Box* find(Request& request);
    void fill(Request& request, Box& box, const MailWrite& message);

    Boxes boxes_;
    std::map<Recipient, Rate> rates_;
};

} // namespace envmesh::mesh
