// SPDX-License-Identifier: MIT
#include "core/storage/meshes.h"

#include "core/crypto/hash.h"

#include <algorithm>

namespace envmesh::storage {
namespace {

// SQLCipher 3 can yield zeros, without an error, for a damaged page that continues a long value.
Result<View> checked(Database& database, const Statement& row, int value, int hash) {
    const View bytes = row.bytes(value);
    if (std::ranges::equal(crypto::hash128({bytes}), row.bytes(hash))) return bytes;
    return fail(Code::corrupt, "The database " + database.file().string() + " is damaged.",
                "Restore it from a backup, or move it away and join the mesh again.");
}

} // namespace

Result<std::optional<Secret>> Settings::get(std::string_view name) {
    auto rows = database_.use("SELECT value, hash FROM setting WHERE name = ?1");
    const auto row = rows.bind(1, name).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    const auto value = checked(database_, rows, 0, 1);
    if (!value) return std::unexpected(value.error());
    return Secret(*value);
}

Result<> Settings::put(std::string_view name, View value) {
    return database_.use("INSERT OR REPLACE INTO setting (name, value, hash) VALUES (?1, ?2, ?3)")
        .bind(1, name)
        .bind(2, value)
        .bind(3, crypto::hash128({value}))
        .run();
}

Result<> Settings::erase(std::string_view name) {
    return database_.use("DELETE FROM setting WHERE name = ?1").bind(1, name).run();
}

Result<std::vector<std::pair<std::string, Secret>>> Settings::with_prefix(std::string_view prefix) {
    std::vector<std::pair<std::string, Secret>> out;
    auto rows =
        database_.use("SELECT name, value, hash FROM setting WHERE name >= ?1 ORDER BY name");
    rows.bind(1, prefix);
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row || !rows.text(0).starts_with(prefix)) return out;
        const auto value = checked(database_, rows, 1, 2);
        if (!value) return std::unexpected(value.error());
        out.emplace_back(rows.text(0).substr(prefix.size()), Secret(*value));
    }
}

Result<MeshRow> Meshes::add(const mesh::MeshId& mesh) {
    auto insert = database_.use("INSERT OR IGNORE INTO mesh (mesh_id) VALUES (?1)");
    if (auto done = insert.bind(1, mesh).run(); !done) return std::unexpected(done.error());
    auto rows = database_.use("SELECT id FROM mesh WHERE mesh_id = ?1");
    const auto row = rows.bind(1, mesh).step();
    if (!row) return std::unexpected(row.error());
    return rows.integer(0);
}

Result<std::vector<std::pair<MeshRow, mesh::MeshId>>> Meshes::all() {
    std::vector<std::pair<MeshRow, mesh::MeshId>> out;
    auto rows = database_.use("SELECT id, mesh_id FROM mesh ORDER BY id");
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return out;
        mesh::MeshId id{};
        if (rows.bytes(1).size() != id.size())
            return fail(Code::corrupt, "A mesh in the database " + database_.file().string() +
                                           " has no valid identity.");
        std::ranges::copy(rows.bytes(1), id.begin());
        out.emplace_back(rows.integer(0), id);
    }
}

Result<std::vector<Bytes>> Meshes::chain(MeshRow mesh) {
    std::vector<Bytes> out;
    auto rows =
        database_.use("SELECT height, entry, hash FROM chain WHERE mesh = ?1 ORDER BY height");
    rows.bind(1, mesh);
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return out;
        const auto entry = checked(database_, rows, 1, 2);
        if (!entry) return std::unexpected(entry.error());
        out.push_back(to_bytes(*entry));
    }
}

Result<> Meshes::put_chain(MeshRow mesh, std::uint32_t from, const std::vector<Bytes>& entries) {
    return database_.transaction([&]() -> Result<> {
        auto cut = database_.use("DELETE FROM chain WHERE mesh = ?1 AND height >= ?2");
        if (auto done = cut.bind(1, mesh).bind(2, std::int64_t{from}).run(); !done) return done;
        auto held = database_.use("SELECT count(*) FROM chain WHERE mesh = ?1");
        const auto row = held.bind(1, mesh).step();
        if (!row) return std::unexpected(row.error());
        if (held.integer(0) != from)
            return fail(Code::invalid, "The chain entries to keep do not follow those that are "
                                       "kept: height " +
                                           std::to_string(held.integer(0)) + " is missing.");
        std::int64_t height = from;
        for (const Bytes& entry : entries) {
            auto insert = database_.use(
                "INSERT INTO chain (mesh, height, entry, hash) VALUES (?1, ?2, ?3, ?4)");
            insert.bind(1, mesh).bind(2, height++).bind(3, entry);
            auto done = insert.bind(4, crypto::hash128({entry})).run();
            if (!done) return done;
        }
        return {};
    });
}

} // namespace envmesh::storage
