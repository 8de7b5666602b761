// SPDX-License-Identifier: MIT
// Joining a mesh (protocol §2.4, A13, A14, S4): a one-time code carries a 128-bit secret; four
// write-once slots of a mailbox on the server carry j1 (commitment), a1 (the admin's half), j2
// (opening), a2 (the signed reply); both screens show six digits that depend on all of it.
// Sans-I/O: the caller moves slots between the two sides.
#pragma once

#include "core/mesh/chain.h"

#include <optional>

namespace envmesh::mesh {

using RendezvousId = Block<16>;
enum class MailSlot : std::uint8_t { j1 = 1, a1 = 2, j2 = 3, a2 = 4 };
inline constexpr std::size_t most_joiner_slot_bytes = 4 * 1024;
inline constexpr std::size_t most_admin_slot_bytes = 64 * 1024;

/// All a joiner needs, as one string of lower-case base32:
/// {version 1, secret 16, BLAKE2b-128(server ed_pk) 16, "host:port", check 2}.
struct InviteCode {
    Secret secret;                  // 16 bytes
    crypto::ShortHash server_key{}; // BLAKE2b-128(server ed_pk); zeros when there is no server
    std::string address; // "host:port" of a wss server; empty: find the inviter on the LAN

    static InviteCode create(Random& random, const crypto::ShortHash& server_key,
                             std::string address);
    /// `invalid` (exit 65) when malformed or the check differs. White space and '-' are ignored,
    /// case is not kept.
    static Result<InviteCode> parse(const Secret& text);
    [[nodiscard]] Secret to_text() const;
    [[nodiscard]] RendezvousId rendezvous() const; // BLAKE2b-128("EnvMesh-rv" ‖ secret)
};

/// What the signed reply tells the joiner.
struct Welcome {
    MeshId mesh_id{};
    std::uint32_t chain_height = 0;
    Hash chain_head{};
    std::string admin_name;
    Bytes head; // the admin's signed head (core/mesh/head.h)
};

/// The admin's side. Feed it j1, then j2, each once; anything out of order, altered or second is
/// `denied` and ends the invitation.
class Inviter {
  public:
    Inviter(const InviteCode& code, const crypto::Identity& admin, MeshId mesh_id, Hash chain_head,
            Random& random);

    struct Joiner {
        crypto::PublicIdentity keys;
        std::string name;     // at most 64 bytes of UTF-8 without control characters
        std::string platform; // likewise, at most 32
    };

    /// j1 in, a1 out.
    Result<Bytes> on_commit(View j1);
    /// j2 in; afterwards `joiner()` and `check()` stand.
    Result<> on_opening(View j2);
    [[nodiscard]] const Joiner& joiner() const { return *joiner_; }
    [[nodiscard]] const std::string& check() const { return check_; } // six digits
    /// a2, to be called once the person has said yes and the chain has the new device.
    Result<Bytes> welcome(const Welcome& welcome);

  private:
    const crypto::Identity& admin_;
    Random& random_;
    MeshId mesh_id_;
    Hash chain_head_;
    RendezvousId rendezvous_;
    Key master_; // K = BLAKE2b-256("EnvMesh-inv" ‖ secret)
    Key k_j_;    // directional keys
    Key k_a_;
    std::optional<Hash> commit_;
    Bytes a1_;
    std::optional<Joiner> joiner_;
    std::string check_;
};

/// The joining side: `commit()` makes j1; a1 in gives j2 and the digits; a2 in gives the welcome.
class Joining {
  public:
    Joining(const InviteCode& code, const crypto::Identity& self, std::string name,
            std::string platform, Random& random);

    [[nodiscard]] const RendezvousId& rendezvous() const { return rendezvous_; }
    Bytes commit();
    /// a1 in, j2 out.
    Result<Bytes> on_admin(View a1);
    [[nodiscard]] const std::string& check() const { return check_; }
    /// a2 in. `denied` unless it is signed by the admin of a1 and names the same mesh.
    Result<Welcome> on_welcome(View a2);
    [[nodiscard]] const crypto::PublicKey& admin_key() const { return admin_ed_pk_; }

  private:
    const crypto::Identity& self_;
    Random& random_;
    std::string name_;
    std::string platform_;
    RendezvousId rendezvous_;
    Key master_;
    Key k_j_;
    Key k_a_;
    Block<32> r_j_{};
    Hash commit_{};
    Bytes a1_;
    MeshId mesh_id_{};
    crypto::PublicKey admin_ed_pk_{};
    std::string check_;
};

} // namespace envmesh::mesh
