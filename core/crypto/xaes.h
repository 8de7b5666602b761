// SPDX-License-Identifier: MIT
// XAES-256-GCM (C2SP XAES-256-GCM.md) on OpenSSL: AES-256-GCM with a 24-byte random nonce, so
// neither a counter nor any shared state is needed and a restored backup or cloned machine is safe.
// The one AEAD of the product.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

namespace envmesh::crypto {

using Nonce = Block<24>;
inline constexpr std::size_t tag_size = 16;

/// Ciphertext followed by the 16-byte tag. Plaintext and aad below 2 GiB each.
Bytes xaes_seal(const Key& key, const Nonce& nonce, View aad, View plaintext);
/// `corrupt` when the key, nonce, aad or any byte differs.
Result<Secret> xaes_open(const Key& key, const Nonce& nonce, View aad, View sealed);

} // namespace envmesh::crypto
