// SPDX-License-Identifier: MIT
// A member of a mesh with its vault open: identity, keys, chain, records. Exists only while
// unlocked; destroying it wipes every key. All of its state is in the encrypted database.
#pragma once

#include "core/mesh/head.h"
#include "core/node/context.h"
#include "core/node/sessions.h"
#include "core/node/variables.h"

namespace envmesh::node {

/// The server a person gave at `init` or `join` (S10), with its pin.
struct ServerSetting {
    std::string url;         // "wss://host:port"; empty: none
    std::string fingerprint; // 64 hex digits
    std::string token;       // for making a mesh there
    bool operator==(const ServerSetting&) const = default;
};

class Member {
  public:
    /// A device's beginning: everything a database must hold before the vault file is written.
    struct Birth {
        crypto::Identity identity;
        mesh::Keyring keyring;
        mesh::Chain chain;
        std::string name;
        ServerSetting server;
    };
    static Result<std::unique_ptr<Member>> create(Context& context, const Key& vault_key,
                                                  Birth birth);
    static Result<std::unique_ptr<Member>> open(Context& context, const Key& vault_key);

    [[nodiscard]] const crypto::Identity& identity() const { return identity_; }
    [[nodiscard]] const mesh::Chain& chain() const { return chain_; }
    [[nodiscard]] const mesh::Keyring& keyring() const { return keyring_; }
    [[nodiscard]] const sync::Authority& authority() const { return authority_; }
    [[nodiscard]] sync::Replica& replica() { return replica_; }
    [[nodiscard]] storage::Database& database() { return *database_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// The member's name, or the first digits of its id when it cannot be told.
    [[nodiscard]] std::string name_of(const mesh::DeviceId& device) const;

    /// What init or join stored, overridden by the configuration.
    [[nodiscard]] ServerSetting server() const;
    Result<> store_server(const ServerSetting& server);

    [[nodiscard]] Sessions& sessions() { return sessions_; }
    // Only between sessions.
    Result<> adopt(mesh::Chain chain);
    Result<> add_device(const crypto::PublicIdentity& device, mesh::Role role,
                        std::string_view name);
    /// Signed statement of all this device holds.
    Result<Bytes> head();

    [[nodiscard]] Variables& variables() { return variables_; }

    [[nodiscard]] std::optional<std::int64_t> last_contact_ms() const { return last_contact_ms_; }
    void contact_now();
    Result<> store_contact();

  private:
    struct Parts {
        std::unique_ptr<storage::Database> database;
        storage::MeshRow row;
        Birth birth;
    };
    Member(Context& context, Parts parts);
    static Result<Parts> load(Context& context, const Key& vault_key);
    static Result<> save_keys(storage::Settings& settings, const mesh::Keyring& keyring);
    Result<> save_chain(std::uint32_t from);
    Context& context_;
    std::unique_ptr<storage::Database> database_;
    storage::Settings settings_;
    storage::Meshes meshes_;
    storage::MeshRow row_;
    crypto::Identity identity_;
    mesh::Keyring keyring_;
    mesh::Chain chain_;
    std::string name_;
    ServerSetting server_;
    storage::CellStore cells_;
    sync::MemberAuthority authority_;
    sync::Replica replica_;
    Variables variables_;
    std::optional<std::int64_t> last_contact_ms_;
    Sessions sessions_;
};

} // namespace envmesh::node
