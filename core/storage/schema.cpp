// SPDX-License-Identifier: MIT
#include "core/storage/schema.h"

#include <array>
#include <string>

namespace envmesh::storage {
namespace {

// Hybrid times are stored so that their order as signed integers is their order (cell_row.h).
//
// cell_record has the hash in it, so that the digest walks it alone; cell_hlc is the order in which
// peers pull; envelopes stay out of both. A WITHOUT ROWID table would carry them in its key tree.
constexpr const char* first = R"(
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL, hash BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE mesh (id INTEGER PRIMARY KEY, mesh_id BLOB NOT NULL UNIQUE,
    last INTEGER, acknowledged INTEGER);
CREATE TABLE chain (mesh INTEGER NOT NULL, height INTEGER NOT NULL, entry BLOB NOT NULL,
    hash BLOB NOT NULL, PRIMARY KEY (mesh, height));
CREATE TABLE cell (id INTEGER PRIMARY KEY, mesh INTEGER NOT NULL, record BLOB NOT NULL,
    device BLOB NOT NULL, hlc INTEGER NOT NULL, hash BLOB NOT NULL, state INTEGER NOT NULL,
    envelope BLOB NOT NULL);
CREATE INDEX cell_record ON cell (mesh, record, device, hlc, hash);
CREATE INDEX cell_hlc ON cell (mesh, hlc, device, record);
CREATE INDEX cell_device ON cell (mesh, device, hlc);
CREATE INDEX cell_state ON cell (mesh, state) WHERE state != 0;
CREATE TABLE version (mesh INTEGER NOT NULL, device BLOB NOT NULL, hlc INTEGER NOT NULL,
    PRIMARY KEY (mesh, device)) WITHOUT ROWID;
CREATE TABLE outbox (mesh INTEGER NOT NULL, record BLOB NOT NULL, device BLOB NOT NULL,
    hlc INTEGER NOT NULL, hash BLOB NOT NULL, state INTEGER NOT NULL, envelope BLOB NOT NULL,
    PRIMARY KEY (mesh, record));
CREATE TABLE history (id INTEGER PRIMARY KEY, mesh INTEGER NOT NULL, record BLOB NOT NULL,
    device BLOB NOT NULL, hlc INTEGER NOT NULL, hash BLOB NOT NULL, state INTEGER NOT NULL,
    envelope BLOB NOT NULL, kept_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX history_record ON history (mesh, record, device, hlc, hash);
CREATE INDEX history_age ON history (mesh, kept_ms);
CREATE TABLE inbox (mesh INTEGER NOT NULL, peer BLOB NOT NULL, record BLOB NOT NULL,
    device BLOB NOT NULL, hlc INTEGER NOT NULL, hash BLOB NOT NULL, state INTEGER NOT NULL,
    envelope BLOB NOT NULL, PRIMARY KEY (mesh, peer, record, device));
CREATE TABLE resume (mesh INTEGER NOT NULL, peer BLOB NOT NULL, token BLOB NOT NULL,
    PRIMARY KEY (mesh, peer)) WITHOUT ROWID;
)";

// resume.kept_ms: what was never resumed is forgotten after some hours. cell_state: in the order in
// which held changes come due.
constexpr const char* second = R"(
ALTER TABLE resume ADD COLUMN kept_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX cell_state;
CREATE INDEX cell_state ON cell (mesh, state, hlc, device, record) WHERE state != 0;
)";

constexpr std::array all{first, second};

} // namespace

std::span<const char* const> migrations() { return all; }

Result<std::int64_t> schema_version(Database& database, std::span<const char* const> known) {
    auto version = database.use("PRAGMA user_version");
    const auto row = version.step();
    if (!row) return std::unexpected(row.error());
    if (version.integer(0) > std::ssize(known))
        return fail(Code::too_new,
                    "The database " + database.file().string() +
                        " was written by a newer version of EnvMesh; it is left untouched.",
                    "Install the newer version of EnvMesh again.");
    if (version.integer(0) < 0)
        return fail(Code::corrupt,
                    "The database " + database.file().string() + " has no valid version.",
                    "Move it away and join the mesh again.");
    return version.integer(0);
}

Result<> migrate(Database& database, std::span<const char* const> steps) {
    const auto version = schema_version(database, steps);
    if (!version) return std::unexpected(version.error());
    for (auto next = static_cast<std::size_t>(*version); next < steps.size(); ++next) {
        const auto work = [&]() -> Result<> {
            if (auto done = database.run(steps[next]); !done) return done;
            const auto number = "PRAGMA user_version = " + std::to_string(next + 1);
            return database.run(number.c_str());
        };
        if (auto done = database.transaction(work); !done) return done;
    }
    return {};
}

} // namespace envmesh::storage
