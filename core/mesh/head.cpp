// SPDX-License-Identifier: MIT
#include "core/mesh/head.h"

#include <algorithm>

namespace envmesh::mesh {
namespace {

constexpr std::string_view label = "EnvMesh-head-v1";
constexpr std::size_t signature_size = 64;

std::optional<Head> decode(View bytes) {
    Reader in(bytes);
    Head head;
    head.device = in.block<16>();
    head.epoch = in.u32();
    head.chain_height = in.u32();
    head.chain_head = in.block<32>();
    head.hlc = in.u64();
    head.digest = in.block<32>();
    const std::size_t count = in.u16();
    if (count > Chain::most_members) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        const auto device = in.block<16>();
        if (!head.versions.empty() && device <= head.versions.rbegin()->first) return std::nullopt;
        head.versions[device] = in.u64();
    }
    if (!in.at_end()) return std::nullopt;
    return head;
}

} // namespace

Bytes Head::sign(const crypto::Identity& self, const MeshId& mesh_id) const {
    Writer out;
    out.raw(device).u32(epoch).u32(chain_height).raw(chain_head).u64(hlc).raw(digest);
    out.u16(static_cast<std::uint16_t>(versions.size()));
    for (const auto& [author, newest] : versions)
        out.raw(author).u64(newest);
    return out.raw(self.sign(label, {mesh_id, out.bytes()})).bytes();
}

Result<Head> Head::verify(View bytes, const MeshId& mesh_id, const crypto::PublicKey& ed_pk) {
    const auto refused = [](std::string_view why) {
        return fail(Code::denied,
                    "A device's statement of what it holds is refused: it " + std::string(why) +
                        ".",
                    "Synchronise again; if it stays so, the device or the server is faulty or "
                    "hostile.");
    };
    if (bytes.size() < signature_size) return refused("is malformed");
    const View content = bytes.first(bytes.size() - signature_size);
    const auto signature = block<signature_size>(bytes.last(signature_size));
    if (!crypto::verify(ed_pk, label, {mesh_id, content}, signature))
        return refused("is not signed by the device");
    const auto head = decode(content);
    if (!head) return refused("is malformed");
    return *head;
}

bool covers(const VersionVector& versions, const VersionVector& head) {
    return std::ranges::all_of(head, [&versions](const auto& named) {
        const auto held = versions.find(named.first);
        return (held == versions.end() ? 0 : held->second) >= named.second;
    });
}

} // namespace envmesh::mesh
