// SPDX-License-Identifier: MIT
#include "core/mesh/chain.h"

#include "core/mesh/chain_keys.h"
#include "core/mesh/chain_rules.h"
#include "core/mesh/name.h"

#include <algorithm>

namespace envmesh::mesh {
namespace {

bool writes(Role role) { return role == Role::admin || role == Role::member; }

AddBody new_device(const crypto::PublicIdentity& device, Role role, std::string_view name,
                   const Keyring& keyring, const Key& epoch_key, Random& random) {
    AddBody add{device, role, seal_name(keyring.name_key(), device.id(), name, random), {}};
    if (role != Role::server) add.wrap = wrap_keys(device.x_pk, keyring.name_key(), epoch_key);
    return add;
}

} // namespace

Chain Chain::create(const crypto::Identity& admin, std::string_view name, Keyring& keyring, Hlc hlc,
                    Random& random) {
    Entry draft;
    draft.hlc = hlc;
    draft.author = admin.id();
    const Key& epoch_key = keyring.current_key();
    draft.body =
        GenesisBody{new_device(admin.public_identity(), Role::admin,
                               fit_name(name, most_name_bytes), keyring, epoch_key, random),
                    epoch_check(epoch_key)};
    Chain chain;
    chain.accept(sign_entry(std::move(draft), {}, admin));
    keyring.name_first_epoch(chain.epoch());
    return chain;
}

Result<Chain> Chain::verify(const std::vector<Bytes>& entries) {
    if (entries.empty()) return refuse_entry(0, "the chain is empty");
    Chain chain;
    for (const Bytes& encoded : entries)
        if (auto appended = chain.append(View(encoded)); !appended)
            return std::unexpected(appended.error());
    return chain;
}

std::uint32_t Chain::height() const { return static_cast<std::uint32_t>(entries_.size() - 1); }

Hash Chain::head() const { return entries_.empty() ? Hash{} : entries_.back().hash(); }

const Member* Chain::member(const DeviceId& device) const {
    const auto found = members_.find(device);
    return found == members_.end() ? nullptr : &found->second;
}

bool Chain::may_write(const DeviceId& device) const {
    const Member* found = member(device);
    return found && !found->removed && writes(found->role);
}

std::size_t Chain::current_members() const {
    return static_cast<std::size_t>(std::ranges::count_if(members_, [](const auto& row) {
        return !row.second.removed && row.second.role != Role::server;
    }));
}

Result<> Chain::append(View encoded) {
    const auto place = static_cast<std::uint32_t>(entries_.size());
    if (entries_.size() >= most_entries || bytes_ + encoded.size() > most_bytes)
        return refuse_entry(place, "the chain is as long as it may be");
    auto entry = decode_entry(encoded, place);
    if (!entry) return std::unexpected(entry.error());
    return append(std::move(*entry));
}

Result<> Chain::append(Entry entry) {
    if (const std::string_view why = objection(*this, entry); !why.empty())
        return refuse_entry(static_cast<std::uint32_t>(entries_.size()), why);
    accept(std::move(entry));
    return {};
}

Result<> Chain::add_device(const crypto::Identity& admin, const crypto::PublicIdentity& device,
                           Role role, std::string_view name, const Keyring& keyring, Hlc hlc,
                           Random& random) {
    const Member* self = member(admin.id());
    if (!self || self->removed || self->role != Role::admin)
        return fail(Code::denied, "This device is no admin of the mesh, so it cannot add devices.",
                    "Invite the device from an admin device.");
    if (const Member* known = member(device.id()))
        return fail(Code::conflict,
                    known->removed ? "The device was removed from the mesh and cannot come back."
                                   : "The device is a member of the mesh already.",
                    known->removed ? "Make a new vault on the device, then invite it." : "");
    if (!is_name(name, most_name_bytes))
        return fail(Code::invalid, "The name of the new device cannot be used.",
                    "Use 1 to 64 bytes of text without control characters.");
    const Key* epoch_key = keyring.epoch_key(epoch());
    if (!epoch_key)
        return fail(Code::incomplete, "This device does not have the mesh's newest key yet.",
                    "Run envmesh-cli sync, then try again.");
    Entry draft;
    draft.height = height() + 1;
    draft.prev = head();
    draft.hlc = hlc;
    draft.author = admin.id();
    draft.body = new_device(device, role, name, keyring, *epoch_key, random);
    const Entry entry = sign_entry(std::move(draft), mesh_id_, admin);
    return append(View(entry.encoded));
}

void Chain::admit(const AddBody& add, std::uint32_t height) {
    members_[add.device.id()] = {add.device, add.role, add.sealed_name, height, false, 0, {}};
}

/// The entry has been checked.
void Chain::accept(Entry entry) {
    if (const auto* genesis = std::get_if<GenesisBody>(&entry.body)) {
        mesh_id_ = unsigned_hash(entry);
        epochs_.push_back(epoch_of(entry));
        admit(genesis->admin, entry.height);
    }
    if (const auto* add = std::get_if<AddBody>(&entry.body)) admit(*add, entry.height);
    if (const auto* remove = std::get_if<RemoveBody>(&entry.body)) {
        Member& member = members_.at(remove->device);
        member.removed = true;
        member.removed_until = remove->until;
        member.removed_by = entry.author;
    }
    if (const auto* change = std::get_if<RoleBody>(&entry.body)) {
        Member& member = members_.at(change->device);
        member.role = change->role;
        member.removed_until = writes(change->role) ? 0 : change->until;
        member.removed_by = writes(change->role) ? DeviceId{} : entry.author;
    }
    if (rotation_of(entry)) epochs_.push_back(epoch_of(entry));
    bytes_ += entry.encoded.size();
    entries_.push_back(std::move(entry));
}

} // namespace envmesh::mesh
