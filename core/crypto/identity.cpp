// SPDX-License-Identifier: MIT
#include "core/crypto/identity.h"

#include "core/crypto/hash.h"

#include <sodium.h>

#include <algorithm>

namespace envmesh::crypto {
namespace {

// Plain Ed25519 reads the message twice, so it must stand in one piece.
Bytes joined(std::string_view label, std::initializer_list<View> parts) {
    Bytes out = to_bytes(view(label));
    for (const View part : parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

} // namespace

DeviceId PublicIdentity::id() const { return hash128({ed_pk, x_pk}); }

Identity::Identity(Key ed_seed, Key x_secret)
    : ed_seed_(std::move(ed_seed)), x_secret_(std::move(x_secret)) {
    Secret seed_and_public(crypto_sign_SECRETKEYBYTES);
    crypto_sign_seed_keypair(public_.ed_pk.data(), seed_and_public.writable().data(),
                             ed_seed_.reveal().data());
    crypto_scalarmult_base(public_.x_pk.data(), x_secret_.reveal().data());
}

Identity Identity::create(Random& random) {
    Key ed_seed;
    Key x_secret;
    random.fill(ed_seed.writable());
    random.fill(x_secret.writable());
    return {std::move(ed_seed), std::move(x_secret)};
}

Result<Identity> Identity::restore(View ed_seed, View x_secret) {
    if (ed_seed.size() != Key::size || x_secret.size() != Key::size)
        return fail(Code::corrupt, "The stored keys of this device do not have 32 bytes each.",
                    "Restore the vault from a backup, or join the mesh again as a new device.");
    return Identity(Key(ed_seed), Key(x_secret));
}

Signature Identity::sign(std::string_view label, std::initializer_list<View> parts) const {
    Secret seed_and_public(crypto_sign_SECRETKEYBYTES);
    const auto whole = seed_and_public.writable();
    std::ranges::copy(ed_seed_.reveal(), whole.begin());
    std::ranges::copy(public_.ed_pk, whole.begin() + Key::size);
    const Bytes message = joined(label, parts);
    Signature out{};
    crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), whole.data());
    return out;
}

Result<Secret> Identity::open_box(View sealed) const {
    if (sealed.size() >= crypto_box_SEALBYTES) {
        Secret message(sealed.size() - crypto_box_SEALBYTES);
        if (crypto_box_seal_open(message.writable().data(), sealed.data(), sealed.size(),
                                 public_.x_pk.data(), x_secret_.reveal().data()) == 0)
            return message;
    }
    return fail(Code::denied, "The sealed box is not for this device, or it was altered.",
                "Let the sender seal it again for this device.");
}

bool verify(const PublicKey& ed_pk, std::string_view label, std::initializer_list<View> parts,
            const Signature& signature) {
    const Bytes message = joined(label, parts);
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                       ed_pk.data()) == 0;
}

Bytes seal_to(const PublicKey& x_pk, View message) {
    Bytes out(crypto_box_SEALBYTES + message.size());
    // It fails for a point of low order, whose shared secret anybody knows. What is left then is
    // zeros: a box that nobody opens, and nothing of the message.
    if (crypto_box_seal(out.data(), message.data(), message.size(), x_pk.data()) != 0)
        out.assign(out.size(), 0);
    return out;
}

std::string server_fingerprint(const PublicKey& ed_pk) { return hex(hash256({ed_pk})); }

} // namespace envmesh::crypto
