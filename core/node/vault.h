// SPDX-License-Identifier: MIT
// The vault file on disk and the way in: a new vault for init and join, opening with a password,
// the key file of a headless server. Argon2id runs on the slow pool.
#pragma once

#include "core/crypto/identity.h"
#include "core/crypto/vault.h"
#include "core/node/context.h"

namespace envmesh::node {

/// Whether `vault.keys` stands in the data folder.
Result<bool> has_vault(Context& context);
/// What whoever makes a vault must give: the device's name and a password.
Result<> check_newcomer(std::string_view name, const Secret& password);
/// Nothing when there is none.
Result<std::optional<crypto::Vault>> read_vault(Context& context);
/// A vault with one password slot. The file is not written: `write_vault` is the last step of init
/// and join.
struct NewVault {
    Key key;
    crypto::Vault vault;
};
Task<Result<NewVault>> make_vault(Context& context, Secret password);
Result<> write_vault(Context& context, const crypto::Vault& vault);
/// `wrong_secret` when the password does not open it.
Task<Result<Key>> open_vault(Context& context, Secret password);
/// The server's vault: opened with its key file, both made where there is none.
Result<Key> open_or_make_server_vault(Context& context);
/// `server.token`: what whoever makes a mesh on this server must bring (A16). The second makes it
/// where there is none. Like the vault, it is made under the lock of the data folder only.
Result<std::optional<std::string>> read_token(Context& context);
Result<std::string> read_or_make_token(Context& context);
/// `server.pub`: the server's public key, for `--print-server-key` while the daemon holds the
/// database.
Result<> store_public_key(Context& context, const crypto::PublicIdentity& keys);
Result<std::optional<crypto::PublicKey>> read_public_key(Context& context);

} // namespace envmesh::node
