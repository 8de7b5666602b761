// SPDX-License-Identifier: MIT
#include "core/mesh/mail_message.h"

#include <algorithm>
#include <array>

namespace envmesh::mesh {
namespace {

constexpr std::uint8_t first_type = 0x20; // the alternatives of MailMessage follow in their order
constexpr std::uint8_t last_type = 0x2f;
constexpr std::array codes{Code::not_found, Code::denied, Code::invalid, Code::conflict,
                           Code::unreachable};

void write(Writer& out, MailSlot slot) { out.u8(static_cast<std::uint8_t>(slot)); }

void write(Writer& out, const MailOpen& message) { out.u32(message.ttl_s); }
void write(Writer& out, const MailWrite& message) {
    write(out, message.slot);
    out.run32(message.bytes);
}
void write(Writer& out, const MailRead& message) { write(out, message.slot); }
void write(Writer& out, const MailSlotFilled& message) {
    write(out, message.slot);
    out.run32(message.bytes);
}
void write(Writer&, const MailClose&) {}
void write(Writer& out, const MailError& message) {
    const auto* const found = std::ranges::find(codes, message.code);
    const auto place = found == codes.end() ? 1 : found - codes.begin(); // 1: it said no
    out.u8(static_cast<std::uint8_t>(place));
}

bool read(Reader& in, MailSlot& slot) {
    const std::uint8_t value = in.u8();
    if (value < static_cast<std::uint8_t>(MailSlot::j1) ||
        value > static_cast<std::uint8_t>(MailSlot::a2))
        return false;
    slot = static_cast<MailSlot>(value);
    return true;
}
bool read_slot_bytes(Reader& in, MailSlot& slot, Bytes& bytes) {
    if (!read(in, slot)) return false;
    const View run = in.run32();
    bytes = to_bytes(run);
    return true;
}

bool read(Reader& in, MailOpen& message) {
    message.ttl_s = in.u32();
    return true;
}
bool read(Reader& in, MailWrite& message) {
    return read_slot_bytes(in, message.slot, message.bytes);
}
bool read(Reader& in, MailRead& message) { return read(in, message.slot); }
bool read(Reader& in, MailSlotFilled& message) {
    return read_slot_bytes(in, message.slot, message.bytes);
}
bool read(Reader&, MailClose&) { return true; }
bool read(Reader& in, MailError& message) {
    const std::uint8_t place = in.u8();
    if (place >= codes.size()) return false;
    message.code = codes[place];
    return true;
}

template <class T>
std::optional<MailMessage> whole(Reader in) {
    T message;
    message.rendezvous = in.block<16>();
    if (!read(in, message) || !in.at_end()) return std::nullopt;
    return message;
}

std::optional<MailMessage> decode(View bytes) {
    Reader in(bytes);
    switch (in.u8()) {
    case 0x20: return whole<MailOpen>(in);
    case 0x21: return whole<MailWrite>(in);
    case 0x22: return whole<MailRead>(in);
    case 0x23: return whole<MailSlotFilled>(in);
    case 0x24: return whole<MailClose>(in);
    case 0x25: return whole<MailError>(in);
    default: return std::nullopt;
    }
}

} // namespace

Bytes encode(const MailMessage& message) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(first_type + message.index()));
    const auto write_whole = [&out](const auto& alternative) {
        out.raw(alternative.rendezvous);
        write(out, alternative);
    };
    std::visit(write_whole, message);
    return std::move(out).bytes();
}

Result<MailMessage> decode_mail(View bytes) {
    auto message = decode(bytes);
    if (!message)
        return fail(Code::protocol, "A message about an invitation is malformed.",
                    "Update EnvMesh on this machine and on the other side.");
    return std::move(*message);
}

bool is_mail(View bytes) {
    return !bytes.empty() && bytes[0] >= first_type && bytes[0] <= last_type;
}

} // namespace envmesh::mesh
