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
/// The year 4199. A stamp beyond it is never interpreted, so that nobody can use up the clock.
constexpr std::int64_t most_wall_ms = (std::int64_t{1} << 46U) - 1;

constexpr Hlc hlc_at(std::int64_t wall_ms) {
    const std::int64_t clamped =
        wall_ms < 0 ? 0 : (wall_ms > most_wall_ms ? most_wall_ms : wall_ms);
    return static_cast<Hlc>(clamped) << 16U;
}
constexpr std::int64_t wall_ms_of(Hlc hlc) { return static_cast<std::int64_t>(hlc >> 16U); }
constexpr bool is_plausible(Hlc hlc) { return wall_ms_of(hlc) <= most_wall_ms; }
/// max(physical, last) + 1.
constexpr Hlc next_hlc(Hlc last, std::int64_t wall_ms) {
    const Hlc physical = hlc_at(wall_ms);
    return (physical > last ? physical : last) + 1;
}

inline Hlc version_of(const VersionVector& versions, const DeviceId& device) {
    const auto at = versions.find(device);
    return at == versions.end() ? 0 : at->second;
}
/// The larger of both for every device.
inline void join(VersionVector& into, const VersionVector& other) {
    for (const auto& [device, hlc] : other) {
        Hlc& mine = into[device];
        mine = mine > hlc ? mine : hlc;
    }
}

} // namespace envmesh::sync
