// SPDX-License-Identifier: MIT
// BLAKE2b (RFC 7693) and HMAC-SHA256 (RFC 2104), from libsodium.
#pragma once

#include "core/base/secret.h"

#include <initializer_list>

namespace envmesh::crypto {

using Hash = Block<32>;      // BLAKE2b-256
using ShortHash = Block<16>; // BLAKE2b-128

/// Of the parts one after another.
Hash hash256(std::initializer_list<View> parts);
ShortHash hash128(std::initializer_list<View> parts);
/// Keyed BLAKE2b-256: a key derived from `key` for the purpose that `label` names.
Key derive(const Key& key, std::string_view label);
Hash hmac_sha256(const Key& key, std::initializer_list<View> parts);

/// BLAKE2b-256 fed piece by piece; `finish` ends it and is called once.
class Hasher {
  public:
    Hasher();
    Hasher& add(View bytes);
    Hash finish();

  private:
    alignas(64) Block<384> state_{}; // crypto_generichash_state, kept out of this header
};

/// Constant time for equal sizes.
bool equal(View a, View b);

} // namespace envmesh::crypto
