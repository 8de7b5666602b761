// SPDX-License-Identifier: MIT
// What a server serves: a blind server's many meshes (blind_meshes.h), or the one of a member that
// serves its local network (own_mesh.h). Who may connect, the chains, the quotas and the storage
// are decided here; links, sessions and mail are the server's.
#pragma once

#include "core/node/presence.h"
#include "core/node/sessions.h"
#include "core/sync/replica.h"
#include "core/sync/session.h"

namespace envmesh::node {

struct Guest; // one authenticated connection

/// One mesh. Its chain changes only between sessions: they read it, on other threads too.
struct Hosted {
    const mesh::Chain& chain;
    const sync::Authority& authority;
    sync::Replica& replica;
    Sessions& sessions;
    std::map<std::uint64_t, Guest*> guests;
    Presences presences;
};

class Hosting {
  public:
    virtual ~Hosting() = default;
    /// What the server proves.
    [[nodiscard]] virtual const crypto::Identity& identity() const = 0;
    virtual Hosted* find(const mesh::MeshId& mesh) = 0;
    [[nodiscard]] virtual std::vector<Hosted*> all() = 0;
    /// Whether a mesh that is not here may be made with this token.
    [[nodiscard]] virtual bool may_create(std::string_view token) const = 0;
    /// Why the owner's limits leave no room for the chain.
    virtual std::optional<Error> objection(const mesh::Chain& chain) = 0;
    /// Stores a new mesh, or a chain that wins over ours: only between sessions.
    virtual Result<Hosted*> store(mesh::Chain chain) = 0;
    [[nodiscard]] virtual sync::Session::Limits limits(const Hosted& hosted) const = 0;
    /// A guest brought changes; the server tells its other guests.
    virtual void applied(const sync::Delta& delta) = 0;
    /// Tries a full or failing disk again.
    virtual void recover() = 0;
};

} // namespace envmesh::node
