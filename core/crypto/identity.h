// SPDX-License-Identifier: MIT
// A device's (or server's) two key pairs: Ed25519 to sign (RFC 8032), X25519 to receive sealed
// boxes (RFC 7748, libsodium's crypto_box_seal). `id` = BLAKE2b-128(ed_pk ‖ x_pk), so an id is
// bound to both keys (protocol §2.3).
#pragma once

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/secret.h"

#include <compare>

namespace envmesh::crypto {

using DeviceId = Block<16>;
using PublicKey = Block<32>;
using Signature = Block<64>;

struct PublicIdentity {
    PublicKey ed_pk{};
    PublicKey x_pk{};

    [[nodiscard]] DeviceId id() const;
    auto operator<=>(const PublicIdentity&) const = default;
};

class Identity {
  public:
    static Identity create(Random& random);
    /// From what `ed_seed()` and `x_secret()` gave: 32 bytes each, else `corrupt`.
    static Result<Identity> restore(View ed_seed, View x_secret);

    [[nodiscard]] const PublicIdentity& public_identity() const { return public_; }
    [[nodiscard]] DeviceId id() const { return public_.id(); }
    /// Over label ‖ parts; the label keeps one kind of signature from passing for another, so no
    /// label may begin with another one.
    [[nodiscard]] Signature sign(std::string_view label, std::initializer_list<View> parts) const;
    /// Opens what `seal_to` sealed to our X25519 key; `denied` when it was not for us or was
    /// altered.
    [[nodiscard]] Result<Secret> open_box(View sealed) const;

    [[nodiscard]] const Key& ed_seed() const { return ed_seed_; }
    [[nodiscard]] const Key& x_secret() const { return x_secret_; }

  private:
    Identity(Key ed_seed, Key x_secret);

    Key ed_seed_;
    Key x_secret_;
    PublicIdentity public_;
};

bool verify(const PublicKey& ed_pk, std::string_view label, std::initializer_list<View> parts,
            const Signature& signature);
/// Anonymous box: 48 bytes longer than the message. To a key of low order (a hostile one: no key
/// pair has it) it is all zeros, which nobody opens.
Bytes seal_to(const PublicKey& x_pk, View message);

/// 64 hex digits of BLAKE2b-256(server's ed_pk): what `--server-key` takes (S7).
std::string server_fingerprint(const PublicKey& ed_pk);

} // namespace envmesh::crypto
