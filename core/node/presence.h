// SPDX-License-Identifier: MIT
// What a server tells the members of a mesh about who is connected to it: message type 0x30. For
// people to look at; nothing is decided by it, since a server may lie.
#pragma once

#include "core/mesh/chain.h"

namespace envmesh::node {

struct Presence {
    bool online = false;
    std::int64_t last_seen_ms = 0; // wall clock of the server
};
using Presences = std::map<mesh::DeviceId, Presence>;

bool is_presence(View message);
Bytes encode(const Presences& presences);
/// `protocol` unless canonical, with at most 256 devices.
Result<Presences> decode_presence(View message);

} // namespace envmesh::node
