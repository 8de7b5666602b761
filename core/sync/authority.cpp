// SPDX-License-Identifier: MIT
#include "core/sync/authority.h"

namespace envmesh::sync {
namespace {

bool written_by_member(const mesh::Chain& chain, const Envelope& envelope) {
    if (!chain.may_write(envelope.device)) return false;
    const mesh::Member* author = chain.member(envelope.device);
    return author != nullptr && envelope.authentic(author->keys.ed_pk, chain.mesh_id());
}

} // namespace

bool MemberAuthority::authentic(const Envelope& envelope) const {
    return written_by_member(chain_, envelope);
}

Result<Variable> MemberAuthority::open(const Envelope& envelope) const {
    const Key* key = keyring_.epoch_key(envelope.epoch);
    if (key == nullptr)
        return fail(Code::locked, "A change is sealed under a key that this device does not have.");
    const Bytes aad = envelope.aad(chain_.mesh_id());
    auto plaintext = crypto::xaes_open(*key, envelope.nonce, aad, envelope.sealed);
    if (!plaintext) return std::unexpected(plaintext.error());
    auto variable = decode(plaintext->reveal(), {envelope.device, envelope.hlc});
    if (variable && record_id(variable->scope, variable->name) != envelope.record)
        return fail(Code::invalid, "A change carries the id of another variable.");
    return variable;
}

Bytes MemberAuthority::seal(const Variable& variable, Hlc hlc, std::size_t least_bucket,
                            Random& random) const {
    Envelope envelope;
    envelope.epoch = keyring_.current_epoch();
    envelope.record = record_id(variable.scope, variable.name);
    envelope.device = self_.id();
    envelope.hlc = hlc;
    random.fill(envelope.nonce);
    const Secret plaintext = encode(variable, least_bucket);
    envelope.sealed = crypto::xaes_seal(keyring_.current_key(), envelope.nonce,
                                        envelope.aad(chain_.mesh_id()), plaintext.reveal());
    envelope.signature = envelope.sign(self_, chain_.mesh_id());
    return envelope.encode();
}

RecordId MemberAuthority::record_id(std::string_view scope, std::string_view name) const {
    return keyring_.record_id(scope, name);
}

bool ServerAuthority::authentic(const Envelope& envelope) const {
    return written_by_member(chain_, envelope);
}

Result<Variable> ServerAuthority::open(const Envelope&) const {
    return fail(Code::denied, "This server holds no key and cannot read variables.");
}

Bytes ServerAuthority::seal(const Variable&, Hlc, std::size_t, Random&) const { return {}; }

RecordId ServerAuthority::record_id(std::string_view, std::string_view) const { return {}; }

std::optional<Cell> check_cell(const Authority& authority, View envelope) {
    const auto parsed = Envelope::parse(envelope);
    if (!parsed || !authority.authentic(*parsed)) return std::nullopt;
    Cell cell{.record = parsed->record,
              .device = parsed->device,
              .hlc = parsed->hlc,
              .envelope = to_bytes(envelope),
              .hash = crypto::hash128({envelope})};
    const bool readable =
        !authority.can_read() || (is_plausible(cell.hlc) && authority.open(*parsed).has_value());
    cell.state = readable ? CellState::readable : CellState::unreadable;
    return cell;
}

} // namespace envmesh::sync
