// SPDX-License-Identifier: MIT
#include "core/sync/envelope.h"

#include "core/base/codec.h"

namespace envmesh::sync {
namespace {

constexpr std::uint8_t envelope_version = 1;
constexpr std::string_view label = "EnvMesh-rec-v1";

Writer head(const Envelope& envelope) {
    Writer out;
    out.u8(envelope_version).u8(0).u32(envelope.epoch);
    out.raw(envelope.record).raw(envelope.device).u64(envelope.hlc);
    return out;
}

Writer signed_part(const Envelope& envelope) {
    Writer out = head(envelope);
    out.raw(envelope.nonce).run32(envelope.sealed);
    return out;
}

} // namespace

Result<Envelope> Envelope::parse(View bytes) {
    constexpr std::string_view refused = "A received change is malformed: ";
    if (bytes.size() < overhead || bytes.size() > most_bytes)
        return fail(Code::invalid, std::string(refused) + std::to_string(bytes.size()) + " bytes.");
    Reader in(bytes);
    if (in.u8() != envelope_version)
        return fail(Code::invalid, std::string(refused) + "its version is not 1.");
    if (in.u8() != 0) return fail(Code::invalid, std::string(refused) + "unknown flags.");
    Envelope out;
    out.epoch = in.u32();
    out.record = in.block<16>();
    out.device = in.block<16>();
    out.hlc = in.u64();
    out.nonce = in.block<24>();
    out.sealed = to_bytes(in.run32());
    out.signature = in.block<64>();
    // hlc 0 stands for "nothing seen" in version vectors, so no change may carry it.
    if (!in.at_end() || out.sealed.size() < crypto::tag_size || out.hlc == 0)
        return fail(Code::invalid, std::string(refused) + "its lengths do not fit.");
    return out;
}

Bytes Envelope::encode() const {
    Writer out = signed_part(*this);
    out.raw(signature);
    return std::move(out).bytes();
}

Bytes Envelope::aad(const mesh::MeshId& mesh_id) const {
    Writer out;
    out.raw(view(label)).raw(mesh_id).raw(head(*this).bytes());
    return std::move(out).bytes();
}

crypto::Signature Envelope::sign(const crypto::Identity& author,
                                 const mesh::MeshId& mesh_id) const {
    const Writer body = signed_part(*this);
    return author.sign(label, {mesh_id, body.bytes()});
}

bool Envelope::authentic(const crypto::PublicKey& ed_pk, const mesh::MeshId& mesh_id) const {
    const Writer body = signed_part(*this);
    return crypto::verify(ed_pk, label, {mesh_id, body.bytes()}, signature);
}

} // namespace envmesh::sync
