// SPDX-License-Identifier: MIT
#include "core/node/own_mesh.h"

#include "core/base/log.h"

namespace envmesh::node {

OwnMesh::OwnMesh(Member& member, std::function<void(const sync::Delta&)> applied)
    : member_(member), applied_(std::move(applied)),
      hosted_{member.chain(), member.authority(), member.replica(), member.sessions(), {}, {}} {}

Hosted* OwnMesh::find(const mesh::MeshId& mesh) {
    return mesh == member_.chain().mesh_id() ? &hosted_ : nullptr;
}

Result<Hosted*> OwnMesh::store(mesh::Chain chain) {
    if (auto adopted = member_.adopt(std::move(chain)); !adopted)
        return std::unexpected(adopted.error());
    return &hosted_;
}

void OwnMesh::recover() {
    storage::Database& database = member_.database();
    if (!database.degraded()) return;
    if (auto done = database.recover(); !done)
        log_warning("storage_not_recovered", "reason", done.error().message);
}

} // namespace envmesh::node
