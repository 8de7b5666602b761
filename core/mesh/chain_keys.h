// SPDX-License-Identifier: MIT
// What entries carry sealed: device names under NK, and the keys themselves for each device.
#pragma once

#include "core/mesh/chain.h"

namespace envmesh::mesh {

/// H(EK): lets members see that they were given the same key, and says nothing about it.
Hash epoch_check(const Key& epoch_key);
/// Both keys for one device, `wrap_size` bytes.
Bytes wrap_keys(const crypto::PublicKey& x_pk, const Key& name_key, const Key& epoch_key);
/// XAES(EK[new], EK[old]), bound to the mesh and the old epoch; `previous_key_size` bytes.
Bytes seal_previous(const Key& newer, const Key& older, const MeshId& mesh_id, Epoch older_epoch,
                    Random& random);
Bytes seal_name(const Key& name_key, const DeviceId& device, std::string_view name, Random& random);

} // namespace envmesh::mesh
