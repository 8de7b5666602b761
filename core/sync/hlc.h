// SPDX-License-Identifier: MIT
// Hybrid logical clock (Kulkarni et al., 2014): 48 bits of milliseconds, 16 bits of counter.
// Strictly increasing on one device, and above everything the device has accepted, so a local write
// beats all it has seen even when the clock stands at 1970 (protocol §2.8).
#pragma once

#include "core/mesh/head.h"

namespace envmesh::sync {

using mesh::DeviceId;
using mesh::Hash;
using mesh::Hlc;
using mesh::RecordId;
using mesh::VersionVector;

constexpr std::int64_t hold_ahead_ms = 5 * 60 * 1000;

constexpr Hlc hlc_at(std::int64_t wall_ms) {
    constexpr std::int64_t most =
        (std::int64_t{1} << 47U) - 1; // leaves room above for what was seen
    const std::int64_t clamped = wall_ms < 0 ? 0 : (wall_ms > most ? most : wall_ms);
    return static_cast<Hlc>(clamped) << 16U;
}
constexpr std::int64_t wall_ms_of(Hlc hlc) { return static_cast<std::int64_t>(hlc >> 16U); }
/// max(physical, last) + 1.
constexpr Hlc next_hlc(Hlc last, std::int64_t wall_ms) {
    const Hlc physical = hlc_at(wall_ms);
    return (physical > last ? physical : last) + 1;
}

} // namespace envmesh::sync
