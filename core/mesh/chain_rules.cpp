// SPDX-License-Identifier: MIT
#include "core/mesh/chain_rules.h"

#include <algorithm>

namespace envmesh::mesh {
namespace {

bool is_current_admin(const Member& member) {
    return !member.removed && member.role == Role::admin;
}

/// Would the mesh have an admin without this device being one?
bool has_other_admin(const Chain& chain, const DeviceId& device) {
    return std::ranges::any_of(chain.members(), [&device](const auto& row) {
        return row.first != device && is_current_admin(row.second);
    });
}

struct Rules {
    const Chain& chain;
    const Entry& entry;

    std::string_view operator()(const GenesisBody& genesis) const {
        if (genesis.admin.role != Role::admin) return "its device is no admin";
        return {};
    }

    std::string_view operator()(const AddBody& add) const {
        const Member* known = chain.member(add.device.id());
        if (known && known->removed) return "it adds a device that was removed";
        if (known) return "it adds a device that is a member already";
        const bool reused = std::ranges::any_of(chain.members(), [&add](const auto& row) {
            const crypto::PublicIdentity& keys = row.second.keys;
            return keys.ed_pk == add.device.ed_pk || keys.x_pk == add.device.x_pk;
        });
        if (reused) return "it adds a device with a key of another one";
        const auto current = std::ranges::count_if(
            chain.members(), [](const auto& row) { return !row.second.removed; });
        if (static_cast<std::size_t>(current) >= Chain::most_members)
            return "the mesh has as many devices as it may";
        return {};
    }

    std::string_view operator()(const RemoveBody& remove) const {
        const Member* known = chain.member(remove.device);
        if (!known || known->removed) return "it removes a device that is no member";
        if (!has_other_admin(chain, remove.device)) return "it removes the last admin";
        return rotation(remove.rotate, &remove.device);
    }

    std::string_view operator()(const RoleBody& change) const {
        const Member* known = chain.member(change.device);
        if (!known || known->removed) return "it changes the role of a device that is no member";
        if (known->role == change.role) return "it gives a device the role that it has";
        if (known->role == Role::server || change.role == Role::server)
            return "it makes a server of a device, or the reverse";
        if (change.role != Role::admin && !has_other_admin(chain, change.device))
            return "it takes the role of the last admin";
        return {};
    }

    std::string_view operator()(const RotateBody& rotate) const {
        return rotation(rotate, nullptr);
    }

    std::string_view rotation(const RotateBody& rotate, const DeviceId* leaving) const {
        std::vector<DeviceId> remaining;
        for (const auto& [id, member] : chain.members())
            if (!member.removed && member.role != Role::server && (!leaving || id != *leaving))
                remaining.push_back(id);
        if (!std::ranges::equal(remaining, rotate.wraps, {}, {},
                                &std::pair<DeviceId, Bytes>::first))
            return "its keys are not for exactly the remaining devices";
        if (collides(chain.epochs(), epoch_of(entry))) return "its epoch has the number of another";
        return {};
    }
};

/// Null when the author is no admin at this point.
const crypto::PublicKey* signer(const Chain& chain, const Entry& entry) {
    if (const auto* genesis = std::get_if<GenesisBody>(&entry.body))
        return entry.author == genesis->admin.device.id() ? &genesis->admin.device.ed_pk : nullptr;
    const Member* author = chain.member(entry.author);
    return author && is_current_admin(*author) ? &author->keys.ed_pk : nullptr;
}

} // namespace

std::string_view objection(const Chain& chain, const Entry& entry) {
    if (entry.height != chain.entries().size()) return "its height is wrong";
    if (entry.prev != chain.head()) return "it does not follow the entry before it";
    if (std::holds_alternative<GenesisBody>(entry.body) != chain.entries().empty())
        return "a chain has one genesis entry, the first";
    const crypto::PublicKey* ed_pk = signer(chain, entry);
    if (!ed_pk) return "its author is no admin at that point";
    if (!signature_holds(entry, chain.mesh_id(), *ed_pk)) return "its signature does not hold";
    return std::visit(Rules{chain, entry}, entry.body);
}

bool collides(const std::vector<Epoch>& epochs, Epoch epoch) {
    return std::ranges::find(epochs, epoch) != epochs.end();
}

} // namespace envmesh::mesh
