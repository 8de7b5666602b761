// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"

#include "core/mesh/name.h"

namespace envmesh::mesh {

Inviter::Inviter(const InviteCode& code, const crypto::Identity& admin, const MeshId& mesh_id,
                 const Hash& chain_head, Random& random)
    : admin_(admin), random_(random), keys_(code.secret.reveal()), mesh_id_(mesh_id),
      chain_head_(chain_head) {
    transcript_.rendezvous = keys_.rendezvous();
}

Result<> Inviter::take(Awaits step) {
    const bool expected = awaits_ == step;
    awaits_ = Awaits::nothing;
    if (!expected) return refuse_joining("a message came twice or out of order");
    return {};
}

Result<Bytes> Inviter::on_commit(View j1) {
    if (auto taken = take(Awaits::commit); !taken) return std::unexpected(taken.error());
    const auto commit = keys_.open(MailSlot::j1, j1);
    if (!commit) return commit;
    if (commit->size() != sizeof(Hash)) return refuse_joining("the commitment is malformed");
    transcript_.commit = block<sizeof(Hash)>(*commit);
    AdminHalf half{{}, mesh_id_, chain_head_, admin_.public_identity().ed_pk};
    random_.fill(half.nonce);
    transcript_.a1 = half.encode();
    awaits_ = Awaits::opening;
    return keys_.seal(MailSlot::a1, transcript_.a1, random_);
}

Result<> Inviter::on_opening(View j2) {
    if (auto taken = take(Awaits::opening); !taken) return taken;
    const auto plaintext = keys_.open(MailSlot::j2, j2);
    if (!plaintext) return std::unexpected(plaintext.error());
    Reader in(*plaintext);
    transcript_.opening = to_bytes(in.run16());
    const auto signature = in.block<sizeof(crypto::Signature)>();
    if (!in.at_end()) return refuse_joining("the opening is malformed");
    if (crypto::hash256({transcript_.opening}) != transcript_.commit)
        return refuse_joining("the joining device is not the one that asked first");
    auto opening = Opening::decode(transcript_.opening);
    if (!opening) return std::unexpected(opening.error());
    if (!transcript_.holds(opening->joiner.keys.ed_pk, opening_label, {}, signature))
        return refuse_joining("the joining device did not hear what this one said");
    joiner_ = std::move(opening->joiner);
    check_ = keys_.check(transcript_);
    awaits_ = Awaits::yes;
    return {};
}

Result<Bytes> Inviter::welcome(const Welcome& welcome) {
    if (auto taken = take(Awaits::yes); !taken) return std::unexpected(taken.error());
    if (welcome.mesh_id != mesh_id_ || !is_name(welcome.admin_name, most_name_bytes))
        return fail(Code::invalid, "The welcome names another mesh or has no proper device name.",
                    "Make another invitation.");
    Writer out;
    out.raw(welcome.mesh_id).u32(welcome.chain_height).raw(welcome.chain_head);
    out.run8(view(welcome.admin_name)).run32(welcome.head);
    out.run16(view(welcome.cloud_url)).run8(view(welcome.cloud_key));
    out.raw(transcript_.sign(admin_, welcome_label, out.bytes()));
    Bytes a2 = keys_.seal(MailSlot::a2, out.bytes(), random_);
    if (a2.size() > most_admin_slot_bytes)
        return fail(Code::invalid, "The welcome for the new device is too large.",
                    "Remove devices that are no longer used, then invite again.");
    return a2;
}

} // namespace envmesh::mesh
