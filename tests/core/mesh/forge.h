// SPDX-License-Identifier: MIT
// A mesh for tests: devices, and entries of every kind signed by hand, honest or not.
#pragma once

#include "core/mesh/chain_keys.h"
#include "core/mesh/chain_rules.h"

#include <algorithm>
#include <random>

namespace envmesh::mesh {

class SeededRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> bytes) override {
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(engine_());
    }

  private:
    std::mt19937 engine_{20};
};

struct Forge {
    SeededRandom random;
    crypto::Identity admin = crypto::Identity::create(random);
    Keyring keyring = Keyring::create(random);
    Chain chain = Chain::create(admin, "first", keyring, 1, random);

    crypto::Identity device() { return crypto::Identity::create(random); }

    /// A device that the first admin has added to the chain.
    crypto::Identity added(Role role) {
        crypto::Identity made = device();
        if (!chain.add_device(admin, made.public_identity(), role, "dev", keyring, 2, random))
            std::abort();
        return made;
    }

    AddBody add_body(const crypto::Identity& device, Role role = Role::member) {
        return {device.public_identity(), role,
                seal_name(keyring.name_key(), device.id(), "dev", random),
                role == Role::server ? Bytes{}
                                     : wrap_keys(device.public_identity().x_pk, keyring.name_key(),
                                                 keyring.current_key())};
    }

    /// A rotation for all members but `leaving`; the new key is kept in `newest`.
    RotateBody rotate_body(const Chain& on, const DeviceId& leaving = {}) {
        random.fill(newest.writable());
        const Key* previous = keyring.epoch_key(on.epoch());
        RotateBody body{
            {},
            seal_previous(newest, previous ? *previous : newest, on.mesh_id(), on.epoch(), random),
            epoch_check(newest)};
        for (const auto& [id, member] : on.members())
            if (id != leaving && !member.removed && member.role != Role::server)
                body.wraps.emplace_back(id,
                                        wrap_keys(member.keys.x_pk, keyring.name_key(), newest));
        return body;
    }

    /// The entry that would follow this chain.
    Entry entry(const Chain& on, const crypto::Identity& author, Body body) {
        Entry draft;
        draft.height = on.height() + 1;
        draft.prev = on.head();
        draft.hlc = 3;
        draft.author = author.id();
        draft.body = std::move(body);
        return sign_entry(std::move(draft), on.mesh_id(), author);
    }

    Chain with(const Chain& on, const crypto::Identity& author, Body body) {
        Chain longer = on;
        if (!longer.append(View(entry(on, author, std::move(body)).encoded))) std::abort();
        return longer;
    }
    Chain with_added(const Chain& on, const crypto::Identity& author) {
        return with(on, author, add_body(device()));
    }
    Chain with_removed(const Chain& on, const crypto::Identity& author,
                       const crypto::Identity& leaving) {
        return with(on, author, RemoveBody{leaving.id(), 9, rotate_body(on, leaving.id())});
    }

    Key newest;
};

inline std::vector<Bytes> encoded(const Chain& chain) {
    std::vector<Bytes> out;
    std::ranges::transform(chain.entries(), std::back_inserter(out), &Entry::encoded);
    return out;
}

} // namespace envmesh::mesh
