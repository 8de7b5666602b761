// SPDX-License-Identifier: MIT
// The client's side of the handshake (handshake.h).
#pragma once

#include "core/sync/handshake_chain.h"

namespace envmesh::sync {

/// What a client requires of the server's key before it says anything. Exactly one of the forms; a
/// pin with none accepts no key.
struct ServerPin {
    std::string fingerprint;                     // 64 hex digits (S7), or
    std::optional<crypto::ShortHash> short_hash; // BLAKE2b-128(ed_pk), from an invitation, or
    std::vector<crypto::PublicKey> any_of;       // the members of the mesh, or
    /// any key, to learn the one that a person is then asked about: only without credentials.
    bool any = false;
    [[nodiscard]] bool accepts(const crypto::PublicKey& ed_pk) const;
};

struct ServerFacts {
    crypto::PublicIdentity keys;
    std::uint64_t time_ms = 0;
};

/// After an error it accepts nothing more.
class ClientHandshake {
  public:
    /// What is pointed to outlives the handshake, and the chain does not change meanwhile.
    struct Credentials {
        const crypto::Identity* self = nullptr; // null: only prove the server (the /v1/join path)
        mesh::MeshId mesh_id{};
        const mesh::Chain* chain = nullptr; // null for a joiner that has none yet
        std::string token; // for making a mesh on a server that asks for one; at most 1 KiB
    };

    ClientHandshake(ServerPin pin, Credentials credentials, Block<32> channel_binding,
                    Random& random);

    /// Once, first of all.
    Bytes hello();
    /// `denied` for a wrong server key or proof, or when the server refuses us (its reason is in
    /// the message); `protocol` when no version is shared, naming which side is old. Nothing is
    /// sent before the proof held.
    Result<Messages> receive(View message);
    [[nodiscard]] bool done() const { return state_ == State::done; }
    [[nodiscard]] const ServerFacts& server() const { return server_; }
    /// After `done`: the chain both sides now have, when it is not the one we came with.
    [[nodiscard]] std::optional<mesh::Chain>& adopted() { return adopted_; }

  private:
    enum class State { new_born, hello_expected, proof_expected, answer_expected, done, failed };

    Result<Messages> step(View message);
    Result<Messages> on(const ServerHello& hello, View message);
    Result<Messages> on(const ServerProof& proof, View message);
    Result<Messages> on(const NeedChain& need);
    Result<Messages> on(ChainPart part);
    Result<Messages> on(const Agreed& agreed);
    Bytes auth();
    Result<> check_adopted(const ChainPoint& agreed) const;

    ServerPin pin_;
    Credentials credentials_;
    Block<32> binding_;
    Block<32> nonce_{};
    State state_ = State::new_born;
    Bytes transcript_;
    ServerFacts server_;
    int chain_requests_ = 0;
    std::optional<PartialChain> partial_;
    std::optional<mesh::Chain> adopted_;
};

} // namespace envmesh::sync
