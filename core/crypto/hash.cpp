// SPDX-License-Identifier: MIT
#include "core/crypto/hash.h"

#include <sodium.h>

#include <cassert>

namespace envmesh::crypto {
namespace {

template <std::size_t N>
Block<N> hash(std::initializer_list<View> parts) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, N);
    for (const View part : parts)
        crypto_generichash_update(&state, part.data(), part.size());
    Block<N> out{};
    crypto_generichash_final(&state, out.data(), out.size());
    return out;
}

crypto_generichash_state* blake2b(Block<384>& state) {
    static_assert(sizeof(crypto_generichash_state) <= sizeof state);
    static_assert(alignof(crypto_generichash_state) <= 64);
    return reinterpret_cast<crypto_generichash_state*>(state.data());
}

} // namespace

Hash hash256(std::initializer_list<View> parts) { return hash<32>(parts); }

ShortHash hash128(std::initializer_list<View> parts) { return hash<16>(parts); }

Key derive(const Key& key, std::string_view label) {
    Key out;
    crypto_generichash(out.writable().data(), Key::size, view(label).data(), label.size(),
                       key.reveal().data(), Key::size);
    return out;
}

Hash hmac_sha256(const Key& key, std::initializer_list<View> parts) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.reveal().data(), Key::size);
    for (const View part : parts)
        crypto_auth_hmacsha256_update(&state, part.data(), part.size());
    Hash out{};
    crypto_auth_hmacsha256_final(&state, out.data());
    sodium_memzero(&state, sizeof state);
    return out;
}

Hasher::Hasher() { crypto_generichash_init(blake2b(state_), nullptr, 0, sizeof(Hash)); }

Hasher& Hasher::add(View bytes) {
    crypto_generichash_update(blake2b(state_), bytes.data(), bytes.size());
    return *this;
}

Hash Hasher::finish() {
    Hash out{};
    const int once = crypto_generichash_final(blake2b(state_), out.data(), out.size());
    assert(once == 0);
    return out;
}

bool equal(View a, View b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace envmesh::crypto
