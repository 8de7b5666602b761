// SPDX-License-Identifier: MIT
#include "core/node/presence.h"

namespace envmesh::node {
namespace {
constexpr std::uint8_t message_type = 0x30;
} // namespace

bool is_presence(View message) { return !message.empty() && message.front() == message_type; }

Bytes encode(const Presences& presences) {
    Writer out;
    out.u8(message_type).u16(static_cast<std::uint16_t>(presences.size()));
    for (const auto& [device, presence] : presences)
        out.raw(device)
            .u8(presence.online ? 1 : 0)
            .u64(static_cast<std::uint64_t>(presence.last_seen_ms));
    return std::move(out).bytes();
}

Result<Presences> decode_presence(View message) {
    Reader in(message);
    Presences presences;
    const bool right_type = in.u8() == message_type;
    const std::size_t count = in.u16();
    for (std::size_t i = 0; i < count && count <= mesh::Chain::most_members && in.ok(); ++i) {
        const auto device = in.block<16>();
        const std::uint8_t online = in.u8();
        const auto seen = static_cast<std::int64_t>(in.u64());
        if (online > 1 || seen < 0)
            return fail(Code::protocol, "the server's presence list is malformed");
        presences[device] = {online == 1, seen};
    }
    if (!right_type || !in.at_end() || presences.size() != count)
        return fail(Code::protocol, "the server's presence list is malformed");
    return presences;
}

} // namespace envmesh::node
