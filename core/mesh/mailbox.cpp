// SPDX-License-Identifier: MIT
#include "core/mesh/mailbox.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace envmesh::mesh {
namespace {

constexpr std::int64_t minute_ms = 60'000;

bool is_joiners(MailSlot slot) { return slot == MailSlot::j1 || slot == MailSlot::j2; }

RendezvousId rendezvous_of(const MailMessage& message) {
    return std::visit([](const auto& alternative) { return alternative.rendezvous; }, message);
}

} // namespace

struct Mailbox::Request {
    Recipient from;
    RendezvousId rendezvous;
    std::int64_t now_ms;
    Deliveries out{};

    void send(Recipient to, const MailMessage& message) {
        if (to != 0) out.push_back({to, encode(message)});
    }
    void error(Recipient to, Code code) { send(to, MailError{rendezvous, code}); }
    void refuse(Code code) { error(from, code); }
    void deliver(Recipient to, const Box& box, MailSlot slot) {
        const auto found = box.slots.find(slot);
        if (found != box.slots.end()) send(to, MailSlotFilled{rendezvous, slot, found->second});
    }
    /// The member, and a joiner that waits for an answer.
    void tell_all(const Box& box, Code code) {
        std::set<Recipient> all{box.member};
        for (const auto& [slot, waiter] : box.waiting)
            all.insert(waiter);
        for (const Recipient to : all)
            error(to, code);
    }
    /// Whoever came first cannot be told from whoever came second, so nobody goes on.
    void second_writer(Box& box) {
        for (const Recipient to : std::set{from, box.member, box.joiner.value_or(0)})
            error(to, Code::denied);
        box.closed = Code::denied;
        box.slots.clear();
        box.waiting.clear();
    }
};

Mailbox::Deliveries Mailbox::from_member(Recipient from, const MeshId& mesh,
                                         const MailMessage& message, std::int64_t now_ms) {
    Request request{from, rendezvous_of(message), now_ms};
    if (is_flooding(request)) return request.out;
    request.out = expire(now_ms);
    if (const auto* opening = std::get_if<MailOpen>(&message))
        open(request, mesh, opening->ttl_s);
    else if (const auto* write = std::get_if<MailWrite>(&message))
        member_writes(request, mesh, *write);
    else if (std::holds_alternative<MailClose>(message))
        close(request, mesh);
    else
        request.refuse(Code::invalid);
    return request.out;
}

Mailbox::Deliveries Mailbox::from_joiner(Recipient from, const MailMessage& message,
                                         std::int64_t now_ms) {
    Request request{from, rendezvous_of(message), now_ms};
    if (is_flooding(request)) return request.out;
    request.out = expire(now_ms);
    if (const auto* write = std::get_if<MailWrite>(&message))
        joiner_writes(request, *write);
    else if (const auto* read = std::get_if<MailRead>(&message))
        joiner_reads(request, read->slot);
    else
        request.refuse(Code::invalid);
    return request.out;
}

bool Mailbox::is_joining(Recipient who) const {
    return std::ranges::any_of(
        boxes_, [who](const auto& row) { return row.second.joiner == who && !row.second.closed; });
}

Mailbox::Deliveries Mailbox::disconnected(Recipient who) {
    rates_.erase(who);
    Deliveries out;
    for (auto& [rendezvous, box] : boxes_) {
        if (box.member == who) box.member = 0;
        std::erase_if(box.waiting, [who](const auto& row) { return row.second == who; });
        if (box.joiner != who || box.closed || box.slots.contains(MailSlot::a2)) continue;
        box.closed = Code::unreachable;
        if (box.member != 0)
            out.push_back({box.member, encode(MailError{rendezvous, Code::unreachable})});
    }
    return out;
}

/// One answer says so; what follows within the minute is dropped, or answering would be the flood.
bool Mailbox::is_flooding(Request& request) {
    Rate& rate = rates_[request.from];
    if (request.now_ms - rate.since_ms >= minute_ms) rate = {request.now_ms, 0};
    if (rate.messages > most_messages_a_minute) return true;
    if (++rate.messages <= most_messages_a_minute) return false;
    request.refuse(Code::conflict);
    return true;
}

std::optional<std::int64_t> Mailbox::next_end() const {
    std::optional<std::int64_t> next;
    for (const auto& [rendezvous, box] : boxes_)
        next = std::min(next.value_or(box.expires_ms), box.expires_ms);
    return next;
}

Mailbox::Deliveries Mailbox::expire(std::int64_t now_ms) {
    Deliveries out;
    std::erase_if(boxes_, [&](const Boxes::value_type& row) {
        const auto& [rendezvous, box] = row;
        if (box.expires_ms > now_ms) return false;
        Request request{box.member, rendezvous, now_ms};
        request.tell_all(box, Code::not_found);
        std::ranges::move(request.out, std::back_inserter(out));
        return true;
    });
    return out;
}

Mailbox::Box* Mailbox::find(Request& request) {
    const auto found = boxes_.find(request.rendezvous);
    std::optional<Code> refusal = Code::not_found;
    if (found != boxes_.end()) refusal = found->second.closed;
    if (refusal) request.refuse(*refusal);
    return refusal ? nullptr : &found->second;
}

void Mailbox::open(Request& request, const MeshId& mesh, std::uint32_t ttl_s) {
    if (ttl_s == 0 || ttl_s > most_ttl_s) return request.refuse(Code::invalid);
    if (boxes_.contains(request.rendezvous)) {
        Box* box = find(request);
        if (!box) return;
        if (box->mesh != mesh) return request.refuse(Code::denied);
        box->member = request.from;
        request.deliver(request.from, *box, MailSlot::j1);
        request.deliver(request.from, *box, MailSlot::j2);
        return;
    }
    const auto of_mesh =
        std::ranges::count_if(boxes_, [&mesh](const auto& row) { return row.second.mesh == mesh; });
    if (boxes_.size() >= most_open || static_cast<std::size_t>(of_mesh) >= most_open_per_mesh)
        return request.refuse(Code::conflict);
    Box box;
    box.mesh = mesh;
    box.member = request.from;
    box.expires_ms = request.now_ms + std::int64_t{ttl_s} * 1000;
    boxes_.emplace(request.rendezvous, std::move(box));
}

void Mailbox::close(Request& request, const MeshId& mesh) {
    const auto found = boxes_.find(request.rendezvous);
    if (found == boxes_.end() || found->second.mesh != mesh) return;
    Box& box = found->second;
    if (box.member != request.from) return request.refuse(Code::denied);
    box.member = 0;
    if (box.slots.contains(MailSlot::a2)) { // which waits to be fetched
        box.expires_ms = std::min(box.expires_ms, request.now_ms + farewell_ms);
        return;
    }
    request.tell_all(box, Code::unreachable);
    boxes_.erase(found);
}

void Mailbox::member_writes(Request& request, const MeshId& mesh, const MailWrite& message) {
    Box* box = find(request);
    if (!box) return;
    if (box->mesh != mesh || box->member != request.from) return request.refuse(Code::denied);
    if (is_joiners(message.slot) || message.bytes.size() > most_admin_slot_bytes)
        return request.refuse(Code::invalid);
    const auto written = box->slots.find(message.slot);
    if (written == box->slots.end()) return fill(request, *box, message);
    // After a reconnection the member cannot know whether its write had come through.
    if (written->second != message.bytes) request.second_writer(*box);
}

void Mailbox::joiner_writes(Request& request, const MailWrite& message) {
    Box* box = find(request);
    if (!box) return;
    if (!is_joiners(message.slot) || message.bytes.size() > most_joiner_slot_bytes)
        return request.refuse(Code::invalid);
    if (message.slot == MailSlot::j2 && !box->joiner) return request.refuse(Code::invalid);
    if (box->slots.contains(message.slot) || box->joiner.value_or(request.from) != request.from)
        return request.second_writer(*box);
    fill(request, *box, message);
    if (box->slots.contains(message.slot)) box->joiner = request.from;
}

void Mailbox::joiner_reads(Request& request, MailSlot slot) {
    Box* box = find(request);
    if (!box) return;
    if (is_joiners(slot)) return request.refuse(Code::invalid);
    if (box->joiner != request.from) return request.refuse(Code::denied);
    if (box->slots.contains(slot)) return request.deliver(request.from, *box, slot);
    box->waiting[slot] = request.from;
}

void Mailbox::fill(Request& request, Box& box, const MailWrite& message) {
    std::size_t held = message.bytes.size();
    for (const auto& [rendezvous, other] : boxes_)
        for (const auto& [slot, bytes] : other.slots)
            held += bytes.size();
    if (held > most_bytes) return request.refuse(Code::conflict);
    box.slots[message.slot] = message.bytes;
    if (is_joiners(message.slot)) return request.deliver(box.member, box, message.slot);
    const auto waiter = box.waiting.extract(message.slot);
    if (waiter) request.deliver(waiter.mapped(), box, message.slot);
}

} // namespace envmesh::mesh
