// SPDX-License-Identifier: MIT
// The four slots through which two devices meet, and what they carry (A13). Each is XAES (nonce ‖
// ciphertext) under a key of its direction, bound to the rendezvous and the slot, so that no slot
// passes for another. Opening checks form and key alone.
#pragma once

#include "core/mesh/chain.h"

namespace envmesh::mesh {

using RendezvousId = Block<16>;
enum class MailSlot : std::uint8_t { j1 = 1, a1 = 2, j2 = 3, a2 = 4 };
inline constexpr std::size_t most_joiner_slot_bytes = 4 * 1024;
inline constexpr std::size_t most_admin_slot_bytes = 64 * 1024;

/// What a joiner says it is. The texts come from a stranger: at most 64 and 32 bytes that pass
/// is_name (core/mesh/name.h).
struct Joiner {
    crypto::PublicIdentity keys;
    std::string name;
    std::string platform;
};

/// The plaintext of a1.
struct AdminHalf {
    Block<32> nonce{};
    MeshId mesh_id{};
    Hash chain_head{};
    crypto::PublicKey ed_pk{};

    [[nodiscard]] Bytes encode() const;
    static Result<AdminHalf> decode(View plaintext);
};

/// What j1 commits to and j2 opens.
struct Opening {
    Joiner joiner;
    Block<32> nonce{};

    [[nodiscard]] Bytes encode() const;
    static Result<Opening> decode(View plaintext);
};

/// Everything both sides have said, once j2 is made: what the signatures and the digits cover.
struct Transcript {
    RendezvousId rendezvous{};
    Hash commit{}; // BLAKE2b-256 of `opening`
    Bytes a1;      // plaintext
    Bytes opening; // plaintext, without j2's signature: an attacker could try many of those

    [[nodiscard]] crypto::Signature sign(const crypto::Identity& self, std::string_view label,
                                         View content) const;
    [[nodiscard]] bool holds(const crypto::PublicKey& ed_pk, std::string_view label, View content,
                             const crypto::Signature& signature) const;
};
inline constexpr std::string_view opening_label = "EnvMesh-join-v1";
inline constexpr std::string_view welcome_label = "EnvMesh-welcome-v1";

class SlotKeys {
  public:
    /// Of an invitation's 16-byte secret.
    explicit SlotKeys(View secret);

    [[nodiscard]] const RendezvousId& rendezvous() const { return rendezvous_; }
    [[nodiscard]] Bytes seal(MailSlot slot, View plaintext, Random& random) const;
    /// `denied` when it is too large, altered, or not sealed for this slot with this secret.
    [[nodiscard]] Result<Bytes> open(MailSlot slot, View sealed) const;
    /// Six digits: BLAKE2b(K ‖ commit ‖ a1 ‖ opening) mod 10⁶, zero padded.
    [[nodiscard]] std::string check(const Transcript& transcript) const;

  private:
    RendezvousId rendezvous_; // BLAKE2b-128("EnvMesh-rv" ‖ secret)
    Key master_;              // K = BLAKE2b-256("EnvMesh-inv" ‖ secret)
    Key joiner_;              // seals j1 and j2
    Key admin_;               // seals a1 and a2
};

/// What every refusal while joining says; the invitation is over.
std::unexpected<Error> refuse_joining(std::string_view why);

} // namespace envmesh::mesh
