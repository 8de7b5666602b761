// SPDX-License-Identifier: MIT
#include "core/mesh/slots.h"

#include "core/crypto/xaes.h"
#include "core/mesh/name.h"

namespace envmesh::mesh {
namespace {

constexpr std::string_view slot_label = "EnvMesh-slot-v1";

Key master_key(View secret) {
    Hash hash = crypto::hash256({view("EnvMesh-inv"), secret});
    Key key(hash);
    wipe(hash);
    return key;
}

bool is_joiners(MailSlot slot) { return slot == MailSlot::j1 || slot == MailSlot::j2; }

Bytes slot_aad(const RendezvousId& rendezvous, MailSlot slot) {
    Writer out;
    return out.raw(view(slot_label)).raw(rendezvous).u8(static_cast<std::uint8_t>(slot)).bytes();
}

} // namespace

Bytes AdminHalf::encode() const {
    return Writer().raw(nonce).raw(mesh_id).raw(chain_head).raw(ed_pk).bytes();
}

Result<AdminHalf> AdminHalf::decode(View plaintext) {
    Reader in(plaintext);
    AdminHalf half;
    half.nonce = in.block<32>();
    half.mesh_id = in.block<32>();
    half.chain_head = in.block<32>();
    half.ed_pk = in.block<32>();
    if (!in.at_end()) return refuse_joining("the admin's half is malformed");
    return half;
}

Bytes Opening::encode() const {
    Writer out;
    out.raw(joiner.keys.ed_pk).raw(joiner.keys.x_pk);
    return out.run8(view(joiner.name)).run8(view(joiner.platform)).raw(nonce).bytes();
}

Result<Opening> Opening::decode(View plaintext) {
    Reader in(plaintext);
    Opening opening;
    opening.joiner.keys.ed_pk = in.block<32>();
    opening.joiner.keys.x_pk = in.block<32>();
    opening.joiner.name = text(in.run8());
    opening.joiner.platform = text(in.run8());
    opening.nonce = in.block<32>();
    if (!in.at_end() || !is_name(opening.joiner.name, most_name_bytes) ||
        !is_name(opening.joiner.platform, most_platform_bytes))
        return refuse_joining("the joining device does not say properly what it is");
    return opening;
}

crypto::Signature Transcript::sign(const crypto::Identity& self, std::string_view label,
                                   View content) const {
    const Bytes spoken = Writer().run32(a1).run32(opening).bytes();
    return self.sign(label, {rendezvous, commit, spoken, content});
}

bool Transcript::holds(const crypto::PublicKey& ed_pk, std::string_view label, View content,
                       const crypto::Signature& signature) const {
    const Bytes spoken = Writer().run32(a1).run32(opening).bytes();
    return crypto::verify(ed_pk, label, {rendezvous, commit, spoken, content}, signature);
}

SlotKeys::SlotKeys(View secret)
    : rendezvous_(crypto::hash128({view("EnvMesh-rv"), secret})), master_(master_key(secret)),
      joiner_(crypto::derive(master_, "EnvMesh-inv joiner")),
      admin_(crypto::derive(master_, "EnvMesh-inv admin")) {}

Bytes SlotKeys::seal(MailSlot slot, View plaintext, Random& random) const {
    crypto::Nonce nonce{};
    random.fill(nonce);
    const Key& key = is_joiners(slot) ? joiner_ : admin_;
    const Bytes aad = slot_aad(rendezvous_, slot);
    return Writer().raw(nonce).raw(crypto::xaes_seal(key, nonce, aad, plaintext)).bytes();
}

Result<Bytes> SlotKeys::open(MailSlot slot, View sealed) const {
    if (sealed.size() > (is_joiners(slot) ? most_joiner_slot_bytes : most_admin_slot_bytes))
        return refuse_joining("a message is too large");
    Reader in(sealed);
    const auto nonce = in.block<24>();
    const Key& key = is_joiners(slot) ? joiner_ : admin_;
    const auto opened = crypto::xaes_open(key, nonce, slot_aad(rendezvous_, slot), in.rest());
    if (!opened) return refuse_joining("a message was altered on its way");
    return to_bytes(opened->reveal());
}

std::string SlotKeys::check(const Transcript& transcript) const {
    const Hash hash =
        crypto::hash256({master_.reveal(), transcript.commit, transcript.a1, transcript.opening});
    std::string digits = std::to_string(Reader(hash).u64() % 1'000'000);
    return digits.insert(0, 6 - digits.size(), '0');
}

std::unexpected<Error> refuse_joining(std::string_view why) {
    return fail(Code::denied, "The invitation is over: " + std::string(why) + ".",
                "Make another invitation; if this repeats, somebody may be interfering.");
}

} // namespace envmesh::mesh
