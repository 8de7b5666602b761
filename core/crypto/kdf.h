// SPDX-License-Identifier: MIT
// Password to key: Argon2id (RFC 9106) through libsodium, which fixes p = 1. 256 MiB and 3 passes
// take about 0.6 s: never call it on the owner thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/secret.h"

namespace envmesh::crypto {

struct Argon2 {
    std::uint32_t passes = 3;
    std::uint32_t memory_kib = 256 * 1024;
    Block<16> salt{};
};

/// What a stored slot may ask of us (S13): a lower cost than `floor` is a downgrade, a higher one
/// than `ceiling` a way to exhaust the machine. Tests pass their own; nothing else does.
struct Argon2Limits {
    std::uint32_t least_passes = 2;
    std::uint32_t least_memory_kib = 64 * 1024;
    std::uint32_t most_passes = 10;
    std::uint32_t most_memory_kib = 1024 * 1024;
    /// What a new slot gets: 256 MiB and 3 passes, or 64 MiB and 4 on a machine with less than 2
    /// GiB.
    std::uint32_t new_passes = 3;
    std::uint32_t new_memory_kib = 256 * 1024;

    static Argon2Limits for_memory(std::uint64_t physical_bytes);
};

Argon2 new_argon2(const Argon2Limits& limits, Random& random);
/// `corrupt` when the parameters are outside the limits, `internal` when memory cannot be had.
Result<Key> argon2id(const Secret& password, const Argon2& parameters, const Argon2Limits& limits);

} // namespace envmesh::crypto
