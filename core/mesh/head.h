// SPDX-License-Identifier: MIT
// A device's signed statement of all it holds (protocol §2.9, A17). A joiner must reach a state at
// least as new as the head it was invited with, which defeats a server that serves old data.
#pragma once

#include "core/mesh/chain.h"

namespace envmesh::mesh {

using VersionVector = std::map<DeviceId, Hlc>;

struct Head {
    DeviceId device{};
    Epoch epoch = 0;
    std::uint32_t chain_height = 0;
    Hash chain_head{};
    Hlc hlc = 0;
    Hash digest{};
    VersionVector versions; // at most 256 devices: removed ones are left out (A17)

    /// The encoding and a signature over "EnvMesh-head-v1" ‖ mesh_id ‖ everything above.
    [[nodiscard]] Bytes sign(const crypto::Identity& self, const MeshId& mesh_id) const;
    /// `denied` unless it is canonical and signed with this key. That `device` is the key's owner
    /// is the caller's to check, who looked the key up.
    static Result<Head> verify(View bytes, const MeshId& mesh_id, const crypto::PublicKey& ed_pk);
};

/// True when `versions` has everything that `head` names.
bool covers(const VersionVector& versions, const VersionVector& head);

} // namespace envmesh::mesh
