// SPDX-License-Identifier: MIT
#include "core/mesh/chain_keys.h"

#include "core/crypto/xaes.h"
#include "core/mesh/name.h"

#include <algorithm>

namespace envmesh::mesh {
namespace {

constexpr std::string_view name_label = "EnvMesh-name-v1";
constexpr std::string_view epoch_label = "EnvMesh-epoch-v1";

/// The nonce before the ciphertext, as entries carry it.
Bytes seal(const Key& key, View aad, View plaintext, Random& random) {
    crypto::Nonce nonce{};
    random.fill(nonce);
    return Writer().raw(nonce).raw(crypto::xaes_seal(key, nonce, aad, plaintext)).bytes();
}

Result<Secret> open(const Key& key, View aad, View sealed) {
    Reader in(sealed);
    const auto nonce = in.block<24>();
    return crypto::xaes_open(key, nonce, aad, in.rest());
}

Bytes name_aad(const DeviceId& device) {
    return Writer().raw(view(name_label)).raw(device).bytes();
}

Bytes epoch_aad(const MeshId& mesh_id, Epoch older) {
    return Writer().raw(view(epoch_label)).raw(mesh_id).u32(older).bytes();
}

/// One epoch as the chain tells it to one device.
struct Era {
    Epoch epoch = 0;
    Hash check{};
    const RotateBody* rotation = nullptr; // null for the first
    const Bytes* wrap = nullptr;          // null when the device was given none
};

std::vector<Era> eras_of(const Chain& chain, const DeviceId& self) {
    std::vector<Era> eras;
    for (const Entry& entry : chain.entries()) {
        const AddBody* add = std::get_if<AddBody>(&entry.body);
        if (const auto* genesis = std::get_if<GenesisBody>(&entry.body)) {
            eras.push_back({chain.epochs().front(), genesis->epoch_check});
            add = &genesis->admin;
        }
        if (add && add->device.id() == self && add->role != Role::server)
            eras.back().wrap = &add->wrap;
        const RotateBody* rotation = rotation_of(entry);
        if (!rotation) continue;
        const Epoch epoch = chain.epochs()[eras.size()];
        eras.push_back({epoch, rotation->epoch_check, rotation});
        const auto own =
            std::ranges::find(rotation->wraps, self, &std::pair<DeviceId, Bytes>::first);
        if (own != rotation->wraps.end()) eras.back().wrap = &own->second;
    }
    return eras;
}

std::unexpected<Error> bad_keys(std::string_view why) {
    return fail(Code::corrupt, "The keys in the member chain for this device " + std::string(why),
                "Remove this device on an admin device and join again.");
}

/// The keys of one wrap, checked against what every member was told of them.
Result<Keyring> unwrap(const Era& era, const crypto::Identity& self) {
    const auto keys = self.open_box(*era.wrap);
    if (!keys || keys->size() != 2 * Key::size) return bad_keys("do not open.");
    Key name_key(keys->reveal().first(Key::size));
    Key key(keys->reveal().last(Key::size));
    if (epoch_check(key) != era.check) return bad_keys("are not those of the other devices.");
    return Keyring(std::move(name_key), era.epoch, std::move(key));
}

/// The key of the era before `newer`, whose own key the keyring has.
Result<> add_previous(Keyring& keyring, const Era& newer, const Era& older, const MeshId& mesh) {
    auto key = open(*keyring.epoch_key(newer.epoch), epoch_aad(mesh, older.epoch),
                    newer.rotation->previous_key);
    if (!key || key->size() != Key::size) return bad_keys("do not open the earlier ones.");
    Key opened(key->reveal());
    if (epoch_check(opened) != older.check) return bad_keys("open wrong earlier ones.");
    keyring.add(older.epoch, std::move(opened));
    return {};
}

} // namespace

Hash epoch_check(const Key& epoch_key) { return crypto::hash256({epoch_key.reveal()}); }

Bytes wrap_keys(const crypto::PublicKey& x_pk, const Key& name_key, const Key& epoch_key) {
    Secret both(2 * Key::size);
    const auto half = std::ranges::copy(name_key.reveal(), both.writable().begin()).out;
    std::ranges::copy(epoch_key.reveal(), half);
    return crypto::seal_to(x_pk, both.reveal());
}

Bytes seal_previous(const Key& newer, const Key& older, const MeshId& mesh_id, Epoch older_epoch,
                    Random& random) {
    return seal(newer, epoch_aad(mesh_id, older_epoch), older.reveal(), random);
}

Bytes seal_name(const Key& name_key, const DeviceId& device, std::string_view name,
                Random& random) {
    return seal(name_key, name_aad(device), view(name), random);
}

Result<Keyring> open_keyring(const Chain& chain, const crypto::Identity& self) {
    std::vector<Era> eras = eras_of(chain, self.id());
    while (!eras.empty() && !eras.back().wrap) // rotations after our removal
        eras.pop_back();
    if (eras.empty())
        return fail(Code::denied, "The member chain holds no keys for this device.",
                    "Ask for an invitation on a device of the mesh.");
    auto keyring = unwrap(eras.back(), self);
    if (!keyring) return keyring;
    for (std::size_t newer = eras.size(); --newer > 0;) {
        const Era& older = eras[newer - 1];
        if (auto added = add_previous(*keyring, eras[newer], older, chain.mesh_id()); !added)
            return std::unexpected(added.error());
        if (!older.wrap) continue;
        // NK never changes: one that does would make this device's record ids differ unseen.
        const auto before = unwrap(older, self);
        if (!before) return std::unexpected(before.error());
        if (!(before->name_key() == keyring->name_key())) return bad_keys("contradict each other.");
    }
    return keyring;
}

Result<std::string> open_name(const Member& member, const Keyring& keyring) {
    const auto name = open(keyring.name_key(), name_aad(member.keys.id()), member.sealed_name);
    if (!name || !is_name(name->reveal_text(), most_name_bytes))
        return fail(Code::corrupt,
                    "The name of device " + hex(member.keys.id()) + " cannot be read.",
                    "Use the device id; an admin can remove the device and invite it again.");
    return std::string(name->reveal_text());
}

} // namespace envmesh::mesh
