// SPDX-License-Identifier: MIT
#include "core/crypto/kdf.h"

#include <sodium.h>

#include <algorithm>

namespace envmesh::crypto {
namespace {

// libsodium's own least, below which it refuses.
constexpr std::uint32_t least_memory_kib = crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024;
constexpr std::uint32_t least_passes = crypto_pwhash_argon2id_OPSLIMIT_MIN;

bool within(const Argon2& parameters, const Argon2Limits& limits) {
    return parameters.passes >= std::max(limits.least_passes, least_passes) &&
           parameters.passes <= limits.most_passes &&
           parameters.memory_kib >= std::max(limits.least_memory_kib, least_memory_kib) &&
           parameters.memory_kib <= limits.most_memory_kib;
}

} // namespace

Argon2Limits Argon2Limits::for_memory(std::uint64_t physical_bytes) {
    Argon2Limits out;
    if (physical_bytes >= std::uint64_t{2} << 30U) return out;
    out.new_passes = 4;
    out.new_memory_kib = 64 * 1024;
    return out;
}

Argon2 new_argon2(const Argon2Limits& limits, Random& random) {
    Argon2 out{.passes = limits.new_passes, .memory_kib = limits.new_memory_kib};
    random.fill(out.salt);
    return out;
}

Result<Key> argon2id(const Secret& password, const Argon2& parameters, const Argon2Limits& limits) {
    if (!within(parameters, limits))
        return fail(Code::corrupt,
                    "The vault asks for a password derivation outside of the accepted cost (" +
                        std::to_string(parameters.memory_kib) + " KiB, " +
                        std::to_string(parameters.passes) + " passes).",
                    "Restore vault.keys from a backup, or join the mesh again as a new device.");
    Key key;
    // The library wants an address even for no bytes.
    const std::string_view text = password.empty() ? "" : password.reveal_text();
    if (crypto_pwhash(key.writable().data(), Key::size, text.data(), text.size(),
                      parameters.salt.data(), parameters.passes,
                      std::size_t{parameters.memory_kib} * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return fail(Code::internal,
                    "Deriving the key from the password needs " +
                        std::to_string(parameters.memory_kib / 1024) +
                        " MiB of memory, which this machine does not give.",
                    "Close other programs and try again.");
    return key;
}

} // namespace envmesh::crypto
