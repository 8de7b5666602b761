// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"
#include "core/mesh/name.h"

#include <utility>

namespace envmesh::mesh {
namespace {

constexpr std::size_t signature_size = sizeof(crypto::Signature);

Result<Welcome> decode(View content) {
    Reader in(content);
    Welcome welcome;
    welcome.mesh_id = in.block<32>();
    welcome.chain_height = in.u32();
    welcome.chain_head = in.block<32>();
    welcome.admin_name = text(in.run8());
    welcome.head = to_bytes(in.run32());
    welcome.cloud_url = text(in.run16());
    welcome.cloud_key = text(in.run8());
    if (!in.at_end() || !is_name(welcome.admin_name, most_name_bytes))
        return refuse_joining("the admin's reply is malformed");
    return welcome;
}

} // namespace

Joining::Joining(const InviteCode& code, const crypto::Identity& self, const std::string& name,
                 const std::string& platform, Random& random)
    : self_(self), random_(random), keys_(code.secret.reveal()) {
    Opening opening{{self.public_identity(), fit_name(name, most_name_bytes),
                     fit_name(platform, most_platform_bytes)},
                    {}};
    random.fill(opening.nonce);
    transcript_.rendezvous = keys_.rendezvous();
    transcript_.opening = opening.encode();
    transcript_.commit = crypto::hash256({transcript_.opening});
}

Bytes Joining::commit() { return keys_.seal(MailSlot::j1, transcript_.commit, random_); }

Result<Bytes> Joining::on_admin(View a1) {
    if (std::exchange(awaits_, Awaits::nothing) != Awaits::admin)
        return refuse_joining("a message came twice or out of order");
    auto plaintext = keys_.open(MailSlot::a1, a1);
    if (!plaintext) return plaintext;
    auto half = AdminHalf::decode(*plaintext);
    if (!half) return std::unexpected(half.error());
    half_ = *half;
    transcript_.a1 = std::move(*plaintext);
    check_ = keys_.check(transcript_);
    Writer j2;
    j2.run16(transcript_.opening).raw(transcript_.sign(self_, opening_label, {}));
    awaits_ = Awaits::welcome;
    return keys_.seal(MailSlot::j2, j2.bytes(), random_);
}

Result<Welcome> Joining::on_welcome(View a2) {
    if (std::exchange(awaits_, Awaits::nothing) != Awaits::welcome)
        return refuse_joining("a message came twice or out of order");
    const auto plaintext = keys_.open(MailSlot::a2, a2);
    if (!plaintext) return std::unexpected(plaintext.error());
    const View bytes = *plaintext;
    if (bytes.size() < signature_size) return refuse_joining("the admin's reply is malformed");
    const View content = bytes.first(bytes.size() - signature_size);
    const auto signature = block<signature_size>(bytes.last(signature_size));
    if (!transcript_.holds(half_.ed_pk, welcome_label, content, signature))
        return refuse_joining("the reply is not from the admin whose digits were shown");
    auto welcome = decode(content);
    if (welcome && welcome->mesh_id != half_.mesh_id)
        return refuse_joining("the reply names another mesh");
    return welcome;
}

} // namespace envmesh::mesh
