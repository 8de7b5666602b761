// SPDX-License-Identifier: MIT
// The server's side of the handshake (handshake.h).
#pragma once

#include "core/sync/handshake_chain.h"

#include <functional>

namespace envmesh::sync {

/// What a stranger may send of a chain (A16); a device that proved to be in ours may send all.
inline constexpr std::size_t most_unproven_chain_bytes = 1024 * 1024;

/// After an error, or a step with `refused`, it accepts nothing more.
class ServerHandshake {
  public:
    using FindChain = std::function<const mesh::Chain*(const mesh::MeshId&)>;
    /// Whether a mesh that this server does not know may be made with this token (A16).
    using MayCreate = std::function<bool(std::string_view token)>;

    ServerHandshake(const crypto::Identity& server, bool join_path, std::uint64_t time_ms,
                    FindChain find, MayCreate may_create, Block<32> channel_binding,
                    Random& random);

    struct Step {
        Messages send;
        /// The client brought a chain that wins over ours: the caller stores it (ending the mesh's
        /// other sessions first), then calls `adopted`.
        std::optional<mesh::Chain> adopt;
        /// Close after sending: the client was told why.
        std::optional<Error> refused;
    };
    /// `protocol` for what breaks the handshake: close without a word.
    Result<Step> receive(View message);
    /// With the chain as it is stored now.
    Result<Step> adopted(const mesh::Chain& chain);
    /// Instead of `adopted`: it is not stored, and the client is told why.
    Step declined(Error why);

    /// Parts of a chain, up to 256 KiB each, are awaited: before that nothing above 4 KiB is.
    [[nodiscard]] bool awaits_chain() const { return state_ == State::chain_expected; }
    /// On the join path: the proof was sent, mailbox messages follow.
    [[nodiscard]] bool proved() const { return proved_; }
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] const mesh::MeshId& mesh_id() const { return mesh_id_; }
    [[nodiscard]] const crypto::DeviceId& device() const { return device_; }
    /// After `done`: the head that both sides have agreed on.
    [[nodiscard]] const mesh::Hash& chain_head() const { return chain_head_; }

  private:
    enum class State { hello_expected, auth_expected, chain_expected, adopting, ended };

    Result<Step> step(View message);
    Result<Step> on_hello(const ClientHello& hello, View message);
    Result<Step> on_auth(const ClientAuth& auth, View message);
    Result<Step> on_part(ChainPart part);
    Step judge(const mesh::Chain& candidate);
    Step ask_for_chain(std::uint32_t from);
    Step agree(const mesh::Chain& chain);
    Step refuse(Error why);
    [[nodiscard]] bool signed_by(const mesh::Member& member) const;
    [[nodiscard]] std::optional<Error> objection(const mesh::Chain& chain) const;

    const crypto::Identity& server_;
    bool join_path_;
    std::uint64_t time_ms_;
    FindChain find_;
    MayCreate may_create_;
    Block<32> binding_;
    Block<32> nonce_{};
    State state_ = State::hello_expected;
    Bytes transcript_;
    crypto::Hash signed_hash_{}; // what the client's signature covers
    crypto::Signature signature_{};
    std::optional<ChainPoint> client_chain_;
    bool known_device_ = false; // it proved to be in the chain that we have
    std::optional<PartialChain> partial_;
    mesh::Hash chain_head_{};
    bool proved_ = false;
    bool done_ = false;
    mesh::MeshId mesh_id_{};
    crypto::DeviceId device_{};
};

} // namespace envmesh::sync
