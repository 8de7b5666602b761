// SPDX-License-Identifier: MIT
// The staged part of a pull, and where it stands.
#include "core/base/codec.h"
#include "core/storage/cell_row.h"
#include "core/storage/cells.h"

namespace envmesh::storage {
namespace {

using sync::Cell;
using sync::Cursor;
using sync::DeviceId;
using sync::Hlc;
using sync::PeerId;
using sync::RecordId;
using sync::Resume;

Bytes encode(const Resume& resume) {
    Writer out;
    out.u64(resume.cursor.hlc).raw(resume.cursor.device).raw(resume.cursor.record);
    out.u32(static_cast<std::uint32_t>(resume.target.size()));
    for (const auto& [device, hlc] : resume.target)
        out.raw(device).u64(hlc);
    return std::move(out).bytes();
}

std::optional<Resume> decode(View bytes) {
    Reader in(bytes);
    Resume out;
    out.cursor.hlc = in.u64();
    out.cursor.device = in.block<sizeof(DeviceId)>();
    out.cursor.record = in.block<sizeof(RecordId)>();
    for (std::uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
        const auto device = in.block<sizeof(DeviceId)>();
        out.target[device] = in.u64();
    }
    if (!in.at_end()) return std::nullopt;
    return out;
}

} // namespace

// Not "OR REPLACE": see CellStore::replace.
Result<> CellStore::stage(const PeerId& peer, const Cell& cell) {
    auto insert = database_.use("INSERT OR IGNORE INTO inbox (mesh, peer, record, device, hlc, "
                                "hash, state, envelope) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    bind_cell(insert.bind(1, mesh_).bind(2, peer), 3, cell);
    if (auto done = insert.run(); !done) return done;
    auto update = database_.use(
        "UPDATE OR FAIL inbox SET hlc = ?5, hash = ?6, state = ?7, envelope = ?8 WHERE mesh = ?1 "
        "AND peer = ?2 AND record = ?3 AND device = ?4 AND (hlc, hash) < (?5, ?6)");
    return bind_cell(update.bind(1, mesh_).bind(2, peer), 3, cell).run();
}

Result<> CellStore::inbox_add(const PeerId& peer, const std::vector<Cell>& cells,
                              const Resume& resume) {
    return transaction([&]() -> Result<> {
        for (const Cell& cell : cells)
            if (auto done = stage(peer, cell); !done) return done;
        auto insert =
            database_.use("INSERT OR REPLACE INTO resume (mesh, peer, token) VALUES (?1, ?2, ?3)");
        return insert.bind(1, mesh_).bind(2, peer).bind(3, encode(resume)).run();
    });
}

Result<std::optional<Resume>> CellStore::inbox_resume(const PeerId& peer) {
    auto rows = database_.use("SELECT token FROM resume WHERE mesh = ?1 AND peer = ?2");
    const auto row = rows.bind(1, mesh_).bind(2, peer).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    auto resume = decode(rows.bytes(0));
    if (!resume) return damaged(database_);
    return resume;
}

Result<std::vector<Cell>> CellStore::inbox_take(const PeerId& peer) {
    std::vector<Cell> out;
    const auto work = [&]() -> Result<> {
        auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM inbox "
                                  "WHERE mesh = ?1 AND peer = ?2 ORDER BY record, device");
        auto cells = read_cells(database_, rows.bind(1, mesh_).bind(2, peer));
        if (!cells) return std::unexpected(cells.error());
        out = std::move(*cells);
        return inbox_clear(peer);
    };
    if (auto done = transaction(work); !done) return std::unexpected(done.error());
    return out;
}

Result<> CellStore::inbox_clear(const PeerId& peer) {
    return transaction([&]() -> Result<> {
        auto cells = database_.use("DELETE FROM inbox WHERE mesh = ?1 AND peer = ?2");
        if (auto done = cells.bind(1, mesh_).bind(2, peer).run(); !done) return done;
        auto token = database_.use("DELETE FROM resume WHERE mesh = ?1 AND peer = ?2");
        return token.bind(1, mesh_).bind(2, peer).run();
    });
}

Result<> CellStore::inbox_clear_all() {
    return transaction([&]() -> Result<> {
        auto cells = database_.use("DELETE FROM inbox WHERE mesh = ?1");
        if (auto done = cells.bind(1, mesh_).run(); !done) return done;
        auto tokens = database_.use("DELETE FROM resume WHERE mesh = ?1");
        return tokens.bind(1, mesh_).run();
    });
}

} // namespace envmesh::storage
