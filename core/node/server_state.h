// SPDX-License-Identifier: MIT
// What core/node/server*.cpp share and nobody else sees.
#pragma once

#include "core/node/server.h"

namespace envmesh::node {

inline std::uint64_t size_of(const mesh::Chain& chain) {
    std::uint64_t bytes = 0;
    for (const mesh::Entry& entry : chain.entries())
        bytes += entry.encoded.size();
    return bytes;
}

/// One mesh. Its chain changes only while `guests` is empty: sessions read it, on other threads
/// too.
struct Server::Hosted {
    Hosted(Context& context, storage::Database& database, storage::MeshRow mesh_row,
           mesh::Chain verified)
        : row(mesh_row), chain(std::move(verified)),
          cells(database, mesh_row, context.clock, false), authority(chain),
          replica(cells, authority, context.clock, context.random, std::nullopt),
          emptied(context.executor) {}

    storage::MeshRow row;
    mesh::Chain chain;
    storage::CellStore cells;
    sync::ServerAuthority authority;
    sync::Replica replica;
    std::map<std::uint64_t, Guest*> guests;
    bool changing = false;      // a longer chain waits for the guests to leave
    asio::steady_timer emptied; // cancelled when the last one has
    Presences presences;
};

struct Server::Guest {
    std::uint64_t number = 0;
    mesh::DeviceId device{};
    Hosted* hosted = nullptr;
    Connection* connection = nullptr;
};

} // namespace envmesh::node
