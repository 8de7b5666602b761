// SPDX-License-Identifier: MIT
// `vault.keys`: the vault key VK (32 random bytes that never leave the machine), sealed once per
// way to open it (protocol §2.2). JSON, at most 8 slots and 16 KiB; parsing refuses everything
// else. Nothing in it, and nothing derived from the password, is ever sent anywhere. The caller
// reads and writes the file (platform/files.h).
#pragma once

#include "core/crypto/kdf.h"
#include "core/crypto/xaes.h"

#include <optional>
#include <string>
#include <vector>

namespace envmesh::crypto {

/// password: KEK from Argon2id; keychain: KEK is 32 random bytes held by the OS; file: KEK is
/// `vault.key`. The numbers are part of what is sealed: they stay.
enum class SlotKind { password = 1, keychain = 2, file = 3 };

struct Slot {
    SlotKind kind = SlotKind::password;
    Block<16> id{};
    std::optional<Argon2> argon2; // password only
    Nonce nonce{};
    Bytes sealed; // VK under the KEK; kind, id and parameters are the AAD
};

class Vault {
  public:
    static constexpr std::size_t most_slots = 8;
    static constexpr std::size_t most_bytes = 16 * 1024;

    static Result<Vault> parse(std::string_view json);
    [[nodiscard]] std::string to_json() const;

    [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
    /// Adds a slot; `invalid` when there are 8, or the password is empty.
    Result<> add_password(const Key& vault_key, const Secret& password, const Argon2Limits& limits,
                          Random& random);
    Result<> add_key(SlotKind kind, const Key& vault_key, const Key& kek, Random& random);
    /// The first of that kind, or null.
    [[nodiscard]] const Slot* find(SlotKind kind) const;
    /// All of that kind; never the passwords, without which nothing else would open it.
    void remove_keys(SlotKind kind);
    /// `wrong_secret` when no slot of that kind opens; the error of `argon2id` when a password
    /// could not be tried on a slot and opened no other.
    [[nodiscard]] Result<Key> open_password(const Secret& password,
                                            const Argon2Limits& limits) const;
    [[nodiscard]] Result<Key> open_key(SlotKind kind, const Key& kek) const;

  private:
    [[nodiscard]] Result<> check_room() const;

    std::vector<Slot> slots_;
};

/// The SQLCipher raw key: keyed BLAKE2b of VK, "EnvMesh db v1".
Key database_key(const Key& vault_key);
Key random_key(Random& random);

} // namespace envmesh::crypto
