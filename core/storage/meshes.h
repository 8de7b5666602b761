// SPDX-License-Identifier: MIT
// What is kept besides cells: settings by name, and each mesh's chain entries. A member's database
// has one mesh, a server's many; both have the same schema, keyed by mesh first (S8).
#pragma once

#include "core/storage/database.h"
#include "core/sync/store.h"

#include <string>
#include <vector>

namespace envmesh::storage {

class Settings {
  public:
    explicit Settings(Database& database) : database_(database) {}
    Result<std::optional<Secret>> get(std::string_view name);
    Result<> put(std::string_view name, View value);
    Result<> erase(std::string_view name);
    /// All whose name starts with `prefix`, as (rest of the name, value).
    Result<std::vector<std::pair<std::string, Secret>>> with_prefix(std::string_view prefix);

  private:
    Database& database_;
};

using MeshRow = std::int64_t; // stands for a mesh_id in every other table

class Meshes {
  public:
    explicit Meshes(Database& database) : database_(database) {}
    Result<MeshRow> add(const mesh::MeshId& mesh);
    Result<std::vector<std::pair<MeshRow, mesh::MeshId>>> all();
    Result<std::vector<Bytes>> chain(MeshRow mesh);
    /// Entries from height `from` on are replaced by these, in one transaction.
    Result<> put_chain(MeshRow mesh, std::uint32_t from, const std::vector<Bytes>& entries);

  private:
    Database& database_;
};

} // namespace envmesh::storage
