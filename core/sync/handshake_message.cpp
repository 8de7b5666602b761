// SPDX-License-Identifier: MIT
#include "core/sync/handshake_message.h"

#include <algorithm>

namespace envmesh::sync {
namespace {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

// Also before the server has proved itself may its words reach a terminal.
std::string printable(View bytes) {
    if (!is_utf8(bytes)) return "(unreadable)";
    std::string out(text(bytes));
    std::ranges::replace_if(out, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
    return out;
}

View shortened(std::string_view text) { return view(text.substr(0, most_reason_bytes)); }

void put(Writer& out, const VersionRange& range) { out.u16(range.least).u16(range.most); }
void put(Writer& out, const ChainPoint& point) { out.u32(point.height).raw(point.head); }

VersionRange get_range(Reader& in) {
    const std::uint16_t least = in.u16();
    return {least, in.u16()};
}
ChainPoint get_point(Reader& in) {
    const std::uint32_t height = in.u32();
    return {height, in.block<32>()};
}

ServerHello get_server_hello(Reader& in) {
    ServerHello out;
    out.versions = get_range(in);
    out.keys.ed_pk = in.block<32>();
    out.keys.x_pk = in.block<32>();
    out.id = in.block<16>();
    out.nonce = in.block<32>();
    out.time_ms = in.u64();
    out.binding = static_cast<Binding>(in.u8());
    return out;
}

ClientAuth get_auth(Reader& in) {
    ClientAuth out;
    out.version = in.u16();
    out.mesh_id = in.block<32>();
    out.device = in.block<16>();
    if (in.u8() == 1) out.chain = get_point(in);
    out.token = text(in.run16());
    out.signature = in.block<64>();
    return out;
}

ChainPart get_part(Reader& in) {
    ChainPart out;
    out.first = in.u32();
    out.last = in.u8() == 1;
    for (std::size_t n = in.u16(); n > 0 && in.ok(); --n)
        out.entries.push_back(to_bytes(in.run32()));
    return out;
}

Refusal get_refusal(Reader& in) {
    const Code code = code_from_wire(text(in.run8()));
    std::string message = printable(in.run16());
    return {{code, std::move(message), printable(in.run16())}};
}

std::optional<HandshakeMessage> get(std::uint8_t type, Reader& in) {
    switch (type) {
    case 0x01: {
        const VersionRange versions = get_range(in);
        return ClientHello{versions, in.block<32>()};
    }
    case 0x02: return get_server_hello(in);
    case 0x03: return ServerProof{in.block<64>()};
    case 0x04: return get_auth(in);
    case 0x05: return NeedChain{in.u32()};
    case 0x06: return get_part(in);
    case 0x07: return Agreed{get_point(in)};
    case 0x08: return get_refusal(in);
    default: return std::nullopt;
    }
}

// Texts are made printable on arrival, so a refusal alone may differ from its own encoding.
bool is_canonical(const HandshakeMessage& message, View bytes) {
    if (std::holds_alternative<Refusal>(message)) return true;
    if (const auto* part = std::get_if<ChainPart>(&message); part && part->entries.empty())
        return false;
    return std::ranges::equal(encode_handshake(message), bytes);
}

} // namespace

Bytes encode_handshake(const HandshakeMessage& message) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(message.index() + 1));
    std::visit(
        Overloaded{
            [&](const ClientHello& hello) {
                put(out, hello.versions);
                out.raw(hello.nonce);
            },
            [&](const ServerHello& hello) {
                put(out, hello.versions);
                out.raw(hello.keys.ed_pk).raw(hello.keys.x_pk).raw(hello.id).raw(hello.nonce);
                out.u64(hello.time_ms).u8(std::to_underlying(hello.binding));
            },
            [&](const ServerProof& proof) { out.raw(proof.signature); },
            [&](const ClientAuth& auth) {
                out.u16(auth.version).raw(auth.mesh_id).raw(auth.device).u8(auth.chain ? 1 : 0);
                if (auth.chain) put(out, *auth.chain);
                out.run16(view(auth.token)).raw(auth.signature);
            },
            [&](const NeedChain& need) { out.u32(need.from); },
            [&](const ChainPart& part) {
                out.u32(part.first).u8(part.last ? 1 : 0);
                out.u16(static_cast<std::uint16_t>(part.entries.size()));
                for (const Bytes& entry : part.entries)
                    out.run32(entry);
            },
            [&](const Agreed& agreed) { put(out, agreed.chain); },
            [&](const Refusal& refusal) {
                out.run8(view(wire_name(refusal.error.code)));
                out.run16(shortened(refusal.error.message)).run16(shortened(refusal.error.fix));
            },
        },
        message);
    return std::move(out).bytes();
}

Result<HandshakeMessage> decode_handshake(View bytes) {
    Reader in(bytes);
    const std::uint8_t type = in.u8();
    const std::size_t most = type == 0x06 ? most_part_bytes : most_handshake_bytes;
    if (bytes.size() <= most) {
        auto message = get(type, in);
        if (message && in.at_end() && is_canonical(*message, bytes)) return *std::move(message);
    }
    return fail(Code::protocol, "The other side sent a malformed handshake message of type " +
                                    std::to_string(type) + ".");
}

std::optional<VersionRange> versions_of(View bytes) {
    Reader in(bytes);
    const std::uint8_t type = in.u8();
    const VersionRange range = get_range(in);
    if (!in.ok() || (type != 0x01 && type != 0x02)) return std::nullopt;
    return range;
}

View statement_of(View encoded_auth) {
    return encoded_auth.first(encoded_auth.size() - std::tuple_size_v<crypto::Signature>);
}

} // namespace envmesh::sync
