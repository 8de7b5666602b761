// SPDX-License-Identifier: MIT
// One entry of the member chain: what it says, its bytes, and its signature (protocol §2.3, A8,
// A10, A11). Decoding checks the form alone (sizes, ranges, one encoding per value); whether the
// entry may stand where it stands is core/mesh/chain_rules.h.
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
/// Never to or from the role server, whose devices have no keys.
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

inline constexpr std::size_t wrap_size = 64 + 48;              // NK ‖ EK in a sealed box
inline constexpr std::size_t previous_key_size = 24 + 32 + 16; // nonce, EK, tag
inline constexpr std::size_t most_sealed_name = 320;

/// Signs the draft and fills in `encoded`. `mesh_id` is of no account for a genesis (A8).
Entry sign_entry(Entry draft, const MeshId& mesh_id, const crypto::Identity& author);
/// `place` is the height it is expected at and only names it in the error: `corrupt`, `too_new`.
Result<Entry> decode_entry(View encoded, std::uint32_t place);
bool signature_holds(const Entry& entry, const MeshId& mesh_id, const crypto::PublicKey& ed_pk);
/// What every refusal of an entry says.
std::unexpected<Error> refuse_entry(std::uint32_t place, std::string_view why);

/// H(entry without its signature): the mesh_id, when the entry is a genesis.
Hash unsigned_hash(const Entry& entry);
Epoch epoch_of(const Entry& entry);
/// The rotation that a remove or rotate entry carries; null for the others.
const RotateBody* rotation_of(const Entry& entry);

} // namespace envmesh::mesh
