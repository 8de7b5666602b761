// SPDX-License-Identifier: MIT
// Joining a mesh (protocol §2.4, A13, A14, S4): a one-time code carries a 128-bit secret; four
// write-once slots of a mailbox on the server carry j1 (commitment), a1 (the admin's half), j2
// (opening), a2 (the signed reply); both screens show six digits that depend on all of it.
// Sans-I/O: the caller moves slots between the two sides.
#pragma once

#include "core/mesh/slots.h"

#include <optional>

namespace envmesh::mesh {

/// All a joiner needs, as one string of lower-case base32:
/// {version 1, secret 16, BLAKE2b-128(server ed_pk) 16, "host:port"} and two check characters.
struct InviteCode {
    Secret secret;                  // 16 bytes
    crypto::ShortHash server_key{}; // BLAKE2b-128(server ed_pk); zeros when there is no server
    std::string address; // "host:port" of a wss server; empty: find the inviter on the LAN

    /// The address is the caller's to get right: `parse` refuses one that is not "host:port", and
    /// one without a server key, which nothing would vouch for.
    static InviteCode create(Random& random, const crypto::ShortHash& server_key,
                             std::string address);
    /// `invalid` (exit 65) when malformed or the check differs, `too_new` for a later version.
    /// White space and '-' are ignored, case is not kept.
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
    Bytes head;                       // the admin's signed head (core/mesh/head.h)
    std::string cloud_url, cloud_key; // the admin's server and its fingerprint; empty: none
};

/// The admin's side. Feed it j1, then j2, each once; anything out of order, altered or second is
/// `denied` and ends the invitation. `admin` and `random` outlive it.
class Inviter {
  public:
    using Joiner = mesh::Joiner;

    Inviter(const InviteCode& code, const crypto::Identity& admin, const MeshId& mesh_id,
            const Hash& chain_head, Random& random);

    /// j1 in, a1 out.
    Result<Bytes> on_commit(View j1);
    /// j2 in; afterwards `joiner()` and `check()` stand.
    Result<> on_opening(View j2);
    [[nodiscard]] const Joiner& joiner() const { return *joiner_; }
    [[nodiscard]] const std::string& check() const { return check_; } // six digits
    /// a2, to be called once, when the person has said yes and the chain has the new device.
    /// `invalid` when it does not fit into its slot or names another mesh.
    Result<Bytes> welcome(const Welcome& welcome);

  private:
    enum class Awaits { commit, opening, yes, nothing };
    /// The step may be taken now; a second try may not, whatever comes of the first.
    Result<> take(Awaits step);

    const crypto::Identity& admin_;
    Random& random_;
    SlotKeys keys_;
    MeshId mesh_id_;
    Hash chain_head_;
    Awaits awaits_ = Awaits::commit;
    Transcript transcript_;
    std::optional<Joiner> joiner_;
    std::string check_;
};

/// The joining side: `commit()` makes j1; a1 in gives j2 and the digits; a2 in gives the welcome.
/// As for the admin, each once. `self` and `random` outlive it.
class Joining {
  public:
    /// Name and platform are made fit (core/mesh/name.h).
    Joining(const InviteCode& code, const crypto::Identity& self, const std::string& name,
            const std::string& platform, Random& random);

    [[nodiscard]] const RendezvousId& rendezvous() const { return keys_.rendezvous(); }
    Bytes commit();
    /// a1 in, j2 out.
    Result<Bytes> on_admin(View a1);
    [[nodiscard]] const std::string& check() const { return check_; }
    /// a2 in. `denied` unless it is signed by the admin of a1 and names the same mesh. Then the
    /// caller verifies the chain against mesh_id, chain_height and chain_head, finds admin_key()
    /// and itself in it, and verifies `head` with admin_key().
    Result<Welcome> on_welcome(View a2);
    [[nodiscard]] const crypto::PublicKey& admin_key() const { return half_.ed_pk; }

  private:
    enum class Awaits { admin, welcome, nothing };

    const crypto::Identity& self_;
    Random& random_;
    SlotKeys keys_;
    Awaits awaits_ = Awaits::admin;
    Transcript transcript_;
    AdminHalf half_;
    std::string check_;
};

} // namespace envmesh::mesh
