// SPDX-License-Identifier: MIT
// The member chain: a signed, hash-linked list of who belongs to a mesh (protocol §2.3, A8 to A11).
// Members and blind servers check it themselves, from the genesis entry on; `mesh_id` is the hash
// of the genesis entry without its signature. A Chain object always holds a chain that verified.
#pragma once

#include "core/base/codec.h"
#include "core/mesh/keyring.h"

#include <variant>
#include <vector>

namespace envmesh::mesh {

using crypto::DeviceId;
using crypto::Hash;
using Hlc = std::uint64_t; // hybrid time: 48-bit ms ‖ 16-bit counter (core/sync/hlc.h)

enum class Role : std::uint8_t { admin = 1, member = 2, reader = 3, server = 4 };
std::string_view role_name(Role role);

/// A device's first appearance. `sealed_name` is XAES under NK (nonce ‖ ciphertext), at most 320
/// bytes; `wrap` is crypto_box_seal(x_pk, NK ‖ EK), 112 bytes (absent for role server).
struct AddBody {
    crypto::PublicIdentity device;
    Role role = Role::member;
    Bytes sealed_name;
    Bytes wrap;
};
struct GenesisBody {
    AddBody admin;
    Hash epoch_check{}; // H(EK), so that members detect unequal wraps
};
/// Removal rotates the epoch key in the same entry (A10, A11).
struct RotateBody {
    std::vector<std::pair<DeviceId, Bytes>> wraps; // every remaining device
    Bytes previous_key;                            // XAES(EK[new], EK[old]): nonce ‖ ciphertext
    Hash epoch_check{};
};
struct RemoveBody {
    DeviceId device{};
    Hlc until = 0; // the admin's hlc that ends the adoption of the device's cells (A11)
    RotateBody rotate;
};
struct RoleBody {
    DeviceId device{};
    Role role = Role::member;
    Hlc until = 0;
};
using Body = std::variant<GenesisBody, AddBody, RemoveBody, RoleBody, RotateBody>;

struct Entry {
    std::uint32_t height = 0; // 0 is the genesis
    Hash prev{};              // whole previous entry with its signature; zeros for the genesis
    Hlc hlc = 0;
    DeviceId author{};
    Body body;
    crypto::Signature signature{};
    Bytes encoded; // the exact bytes, signature included

    [[nodiscard]] Hash hash() const;
};

struct Member {
    crypto::PublicIdentity keys;
    Role role = Role::member;
    Bytes sealed_name;
    std::uint32_t added_at = 0; // height
    bool removed = false;
    Hlc removed_until = 0;
};

class Chain {
  public:
    static constexpr std::size_t most_entries = 10'000;
    static constexpr std::size_t most_bytes = 16 * 1024 * 1024;
    static constexpr std::size_t most_members = 256;
    static constexpr std::size_t most_entry_bytes = 64 * 1024;

    /// A new mesh with this device as its admin. Sets the keyring's epoch.
    static Chain create(const crypto::Identity& admin, std::string_view name, Keyring& keyring,
                        Hlc hlc, Random& random);
    /// Verifies every entry from the genesis on. `corrupt` names the first that fails and why.
    static Result<Chain> verify(const std::vector<Bytes>& entries);

    [[nodiscard]] const MeshId& mesh_id() const { return mesh_id_; }
    [[nodiscard]] std::uint32_t height() const; // of the last entry
    [[nodiscard]] Hash head() const;            // hash of the last entry
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] Epoch epoch() const { return epoch_; }
    [[nodiscard]] const std::map<DeviceId, Member>& members() const { return members_; }
    /// Null when never added; a removed device is found, with `removed` set.
    [[nodiscard]] const Member* member(const DeviceId& device) const;
    [[nodiscard]] bool may_write(const DeviceId& device) const; // current admin or member
    [[nodiscard]] std::size_t current_members() const;          // not removed, not servers

    /// Appends an already encoded entry (from the wire) after checking it against the head.
    Result<> append(View encoded);
    /// Makes, signs and appends the entry that adds a device. `denied` unless we are a current
    /// admin.
    Result<> add_device(const crypto::Identity& admin, const crypto::PublicIdentity& device,
                        Role role, std::string_view name, const Keyring& keyring, Hlc hlc,
                        Random& random);
    /// The chain that every honest node prefers of two with the same mesh_id (A9): a longer chain
    /// that extends the other wins; else the rule for forks. Commutative.
    static const Chain& preferred(const Chain& a, const Chain& b);

  private:
    Chain() = default;

    MeshId mesh_id_{};
    std::vector<Entry> entries_;
    std::map<DeviceId, Member> members_;
    Epoch epoch_ = 0;
    std::size_t bytes_ = 0;
};

/// The keys this device was given in the chain: its own wrap, and the earlier epochs it unlocks.
Result<Keyring> open_keyring(const Chain& chain, const crypto::Identity& self);
/// The member's name; `corrupt` when it cannot be opened.
Result<std::string> open_name(const Member& member, const Keyring& keyring);

} // namespace envmesh::mesh
