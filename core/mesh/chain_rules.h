// SPDX-License-Identifier: MIT
// Which entry may follow which chain. Every node judges alike, members and blind servers, or their
// chains would part.
#pragma once

#include "core/mesh/chain.h"

namespace envmesh::mesh {

/// Why `entry` (well formed) may not follow `chain`; empty when it may. The chain is empty when the
/// entry ought to be a genesis.
std::string_view objection(const Chain& chain, const Entry& entry);

/// Two epochs with one number would make it unclear which key sealed a change (A10).
bool collides(const std::vector<Epoch>& epochs, Epoch epoch);

} // namespace envmesh::mesh
