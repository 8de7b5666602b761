// SPDX-License-Identifier: MIT
// What a member that serves its local network says about itself there, for everyone to hear: a tag
// that only members can tell from noise (protocol §2.9, A12). The DNS-SD TXT record and the
// broadcast packet carry the same text. It proves nothing: whoever answers at the address does
// that.
//
//   v=1    version
//   n=     16 hex digits, drawn anew for each announcement
//   t=     16 hex digits: HMAC-SHA256(D, n ‖ day)[0..8], D derived from the epoch key, day = days
//          since 1970 as u32
#pragma once

#include "core/base/clock.h"
#include "core/mesh/keyring.h"

namespace envmesh::mesh {

/// Of DNS-SD: keys of at most 9 characters (RFC 6763 §6.4).
using BeaconText = std::map<std::string, std::string>;

/// The day that a beacon made now is good for, and the day before and after.
std::int64_t beacon_day(std::int64_t wall_ms);
BeaconText make_beacon(const Keyring& keyring, Random& random, std::int64_t wall_ms);
/// Whether a member of our mesh made it, with any epoch key that we have, yesterday, today or
/// tomorrow: clocks differ. A copy of a true one passes too.
bool is_our_beacon(const BeaconText& text, const Keyring& keyring, std::int64_t wall_ms);

} // namespace envmesh::mesh
