// SPDX-License-Identifier: MIT
// Who is at the other end: mutual Ed25519 proof over the TLS exporter, server first (protocol §2.7,
// A15, A16). Then both sides reach the same chain head (A6). Sans-I/O: messages in, messages out.
//
//   C→S  hello    nonce_c, protocol range               reveals nothing
//   S→C  hello    server keys, nonce_s, time, cb_mode
//   S→C  proof    signature over BLAKE2b-256(all so far) ‖ cb
//   C→S  auth     mesh, device, chain height and head, [token], signature likewise
//   S→C  need_chain{from}  and  C→S  chain{entries}…    when the server's chain is shorter,
//   unknown, or forks S→C  ok       chain entries the client lacks
#pragma once

#include "core/mesh/chain.h"

#include <functional>
#include <optional>

namespace envmesh::sync {

inline constexpr std::uint16_t protocol_version = 1;

/// What a client requires of the server's key before it says anything. One of the forms; none
/// accepts no server.
struct ServerPin {
    std::string fingerprint;                     // 64 hex digits (S7), or
    std::optional<crypto::ShortHash> short_hash; // BLAKE2b-128(ed_pk), from an invitation, or
    bool any = false;                            // only to show a person the key (S23)
    [[nodiscard]] bool accepts(const crypto::PublicKey& ed_pk) const;
};

struct ServerFacts {
    crypto::PublicIdentity keys;
    std::uint64_t time_ms = 0;
};

/// Messages to send, in order.
using Messages = std::vector<Bytes>;

class ClientHandshake {
  public:
    struct Credentials {
        const crypto::Identity* self = nullptr; // null: only prove the server (the /v1/join path)
        mesh::MeshId mesh_id{};
        const mesh::Chain* chain = nullptr; // null for a joiner that has none yet
        std::string token;                  // for making a mesh on a server that asks for one
    };

    ClientHandshake(ServerPin pin, Credentials credentials, Block<32> channel_binding, Random& random);

    Bytes hello();
    /// `denied` for a wrong server key or proof, or when the server refuses us (its reason is in
    /// the message); `protocol` when no version is shared, naming which side is old. Nothing is
    /// sent before the proof held.
    Result<Messages> receive(View message);
    [[nodiscard]] bool done() const { return stage_ == Stage::done; }
    [[nodiscard]] const ServerFacts& server() const { return server_; }
    /// After `done`: the chain both sides now have, when it is not the one we came with.
    [[nodiscard]] std::optional<mesh::Chain>& adopted() { return adopted_; }

  private:
    enum class Stage { hello, proof, answer, chain, done };
    Result<Messages> on_hello(View message);
    Result<Messages> on_proof(View message);
    Result<Messages> on_answer(View message);
    Result<Messages> on_chain(View message);
    Messages chain_from(std::uint32_t from) const;
    Bytes auth();
    Result<Messages> take_chain();

    ServerPin pin_;
    Credentials credentials_;
    Block<32> binding_;
    Random& random_;
    Stage stage_ = Stage::hello;
    Bytes transcript_;
    ServerFacts server_;
    std::uint32_t chain_from_ = 0;
    std::uint32_t expected_ = 0; // entries still to come
    std::vector<Bytes> entries_;
    std::optional<mesh::Chain> adopted_;
};

class ServerHandshake {
  public:
    using FindChain = std::function<const mesh::Chain*(const mesh::MeshId&)>;
    /// Whether a mesh that this server does not know may be made with this token (A16).
    using MayCreate = std::function<bool(std::string_view token)>;

    ServerHandshake(const crypto::Identity& server, bool join_path, std::uint64_t time_ms, FindChain find,
                    MayCreate may_create, Block<32> channel_binding, Random& random);

    struct Step {
        Messages send;
        /// The client brought a chain that wins over ours: the caller stores it (ending the mesh's
        /// other sessions first), then calls `adopted`.
        std::optional<mesh::Chain> adopt;
        /// Close after sending: the client was told why.
        std::optional<Error> refused;
    };
    Result<Step> receive(View message);
    Result<Step> adopted(const mesh::Chain& chain);

    /// On the join path: the proof was sent, mailbox messages follow.
    [[nodiscard]] bool proved() const { return stage_ == Stage::proved; }
    [[nodiscard]] bool done() const { return stage_ == Stage::done; }
    /// Chain messages, up to 256 KiB each, are awaited: before that nothing above 4 KiB is.
    [[nodiscard]] bool awaits_chain() const { return stage_ == Stage::chain; }
    [[nodiscard]] const mesh::MeshId& mesh_id() const { return mesh_id_; }
    [[nodiscard]] const crypto::DeviceId& device() const { return device_; }
    /// The head that both sides have agreed on.
    [[nodiscard]] const mesh::Hash& chain_head() const { return chain_head_; }

  private:
    enum class Stage { hello, auth, chain, adopting, proved, done };
    Result<Step> on_hello(View message);
    Result<Step> on_auth(View message);
    Result<Step> on_chain(View message);
    Step need_chain(std::uint32_t from);
    Result<Step> weigh(mesh::Chain theirs);
    Step accept(const mesh::Chain& chain);
    Step refuse(Error why);
    [[nodiscard]] bool client_is_on(const mesh::Chain& chain) const;
    [[nodiscard]] std::optional<Error> objection(const mesh::Chain& chain) const;

    const crypto::Identity& server_;
    bool join_path_;
    std::uint64_t time_ms_;
    FindChain find_;
    MayCreate may_create_;
    Block<32> binding_;
    Random& random_;
    Stage stage_ = Stage::hello;
    Bytes transcript_;
    mesh::MeshId mesh_id_{};
    crypto::DeviceId device_{};
    crypto::Signature signature_{};
    std::uint32_t height_ = 0; // the client's; no_chain when it has none
    mesh::Hash head_{};
    std::uint32_t asked_from_ = 0;
    std::vector<Bytes> entries_;
    std::size_t entry_bytes_ = 0;
    mesh::Hash chain_head_{};
};

} // namespace envmesh::sync
