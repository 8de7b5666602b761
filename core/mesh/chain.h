// SPDX-License-Identifier: MIT
// The member chain: a signed, hash-linked list of who belongs to a mesh (protocol §2.3, A8 to A11).
// Members and blind servers check it themselves, from the genesis entry on; `mesh_id` is the hash
// of the genesis entry without its signature. A Chain object always holds a chain that verified.
#pragma once

#include "core/mesh/chain_entry.h"

namespace envmesh::mesh {

struct Member {
    crypto::PublicIdentity keys;
    Role role = Role::member;
    Bytes sealed_name;
    std::uint32_t added_at = 0; // height
    bool removed = false;
    /// When not 0, the device lost the right to write, by removal or role: its cells are dropped
    /// once `vv[removed_by]` reaches this (A11).
    Hlc removed_until = 0;
    DeviceId removed_by{};
};

class Chain {
  public:
    static constexpr std::size_t most_entries = 10'000;
    static constexpr std::size_t most_bytes = 16 * 1024 * 1024;
    static constexpr std::size_t most_members = 256;
    static constexpr std::size_t most_entry_bytes = 64 * 1024;

    /// A new mesh with this device as its admin; `name` is made fit (core/mesh/name.h). Sets the
    /// epoch of a keyring that `Keyring::create` made.
    static Chain create(const crypto::Identity& admin, std::string_view name, Keyring& keyring,
                        Hlc hlc, Random& random);
    /// Verifies every entry from the genesis on. `corrupt` names the first that fails and why;
    /// `too_new` when that one is of a later version.
    static Result<Chain> verify(const std::vector<Bytes>& entries);

    [[nodiscard]] const MeshId& mesh_id() const { return mesh_id_; }
    [[nodiscard]] std::uint32_t height() const; // of the last entry
    [[nodiscard]] Hash head() const;            // hash of the last entry
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] Epoch epoch() const { return epochs_.back(); }
    [[nodiscard]] const std::vector<Epoch>& epochs() const { return epochs_; } // oldest first
    [[nodiscard]] const std::map<DeviceId, Member>& members() const { return members_; }
    /// Null when never added; a removed device is found, with `removed` set.
    [[nodiscard]] const Member* member(const DeviceId& device) const;
    [[nodiscard]] bool may_write(const DeviceId& device) const; // current admin or member
    [[nodiscard]] std::size_t current_members() const;          // not removed, not servers

    /// Appends an already encoded entry (from the wire) after checking it against the head; errors
    /// as for `verify`, and then nothing has changed.
    Result<> append(View encoded);
    /// Makes, signs and appends the entry that adds a device. `denied` unless we are a current
    /// admin, `conflict` when the device is or was a member, `invalid` for a bad name.
    Result<> add_device(const crypto::Identity& admin, const crypto::PublicIdentity& device,
                        Role role, std::string_view name, const Keyring& keyring, Hlc hlc,
                        Random& random);
    /// The chain that every honest node prefers of two with the same mesh_id (A9): a longer chain
    /// that extends the other wins; else the rule for forks. Commutative, but not transitive when
    /// three admins remove each other in a ring.
    static const Chain& preferred(const Chain& a, const Chain& b);

  private:
    Chain() = default;
    Result<> append(Entry entry);
    void admit(const AddBody& add, std::uint32_t height);
    void accept(Entry entry);

    MeshId mesh_id_{};
    std::vector<Entry> entries_;
    std::map<DeviceId, Member> members_;
    std::vector<Epoch> epochs_;
    std::size_t bytes_ = 0;
};

/// The keys this device was given in the chain: its own wrap, and the earlier epochs it unlocks.
/// A removed device gets those of before its removal. `denied` when the chain gives it none,
/// `corrupt` when what it was given does not open or differs from what the others were given.
Result<Keyring> open_keyring(const Chain& chain, const crypto::Identity& self);
/// The member's name; `corrupt` when it cannot be opened.
Result<std::string> open_name(const Member& member, const Keyring& keyring);

} // namespace envmesh::mesh
