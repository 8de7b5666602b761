// SPDX-License-Identifier: MIT
// Progress, and what a member keeps of its own: clock, outbox, history.
#include "core/storage/cell_row.h"
#include "core/storage/cells.h"

namespace envmesh::storage {

using sync::Cell;
using sync::DeviceId;
using sync::Hlc;
using sync::RecordId;

namespace {

constexpr std::int64_t history_ms = std::int64_t{90} * 24 * 60 * 60 * 1000;

} // namespace

Result<sync::VersionVector> CellStore::versions() {
    sync::VersionVector out;
    auto rows = database_.use("SELECT device, hlc FROM version WHERE mesh = ?1");
    rows.bind(1, mesh_);
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return out;
        bool fits = true;
        const auto device = read_block<sizeof(DeviceId)>(rows, 0, fits);
        if (!fits) return damaged(database_);
        out.emplace(device, hlc_from(rows.integer(1)));
    }
}

// Not "OR REPLACE": see CellStore::replace.
Result<> CellStore::set_version(const DeviceId& device, Hlc hlc) {
    auto insert =
        database_.use("INSERT OR IGNORE INTO version (mesh, device, hlc) VALUES (?1, ?2, ?3)");
    insert.bind(1, mesh_).bind(2, device).bind(3, stored(hlc));
    if (auto done = insert.run(); !done) return done;
    auto update =
        database_.use("UPDATE OR FAIL version SET hlc = ?3 WHERE mesh = ?1 AND device = ?2");
    return update.bind(1, mesh_).bind(2, device).bind(3, stored(hlc)).run();
}

Result<Hlc> CellStore::newest_of(const DeviceId& device) {
    auto rows = database_.use("SELECT max(hlc) FROM cell WHERE mesh = ?1 AND device = ?2");
    return read_hlc(rows.bind(1, mesh_).bind(2, device));
}

Result<Hlc> CellStore::last() {
    auto rows = database_.use("SELECT last FROM mesh WHERE id = ?1");
    return read_hlc(rows.bind(1, mesh_));
}

Result<> CellStore::set_last(Hlc hlc) {
    auto update = database_.use("UPDATE mesh SET last = ?2 WHERE id = ?1");
    return update.bind(1, mesh_).bind(2, stored(hlc)).run();
}

Result<Hlc> CellStore::acknowledged() {
    auto rows = database_.use("SELECT acknowledged FROM mesh WHERE id = ?1");
    return read_hlc(rows.bind(1, mesh_));
}

Result<> CellStore::set_acknowledged(Hlc hlc) {
    auto update = database_.use("UPDATE mesh SET acknowledged = ?2 WHERE id = ?1");
    return update.bind(1, mesh_).bind(2, stored(hlc)).run();
}

Result<std::vector<Cell>> CellStore::outbox() {
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM outbox "
                              "WHERE mesh = ?1 ORDER BY hlc");
    return read_cells(database_, rows.bind(1, mesh_));
}

Result<std::uint64_t> CellStore::outbox_size() {
    auto rows = database_.use("SELECT count(*) FROM outbox WHERE mesh = ?1");
    return read_number(rows.bind(1, mesh_));
}

Result<> CellStore::outbox_put(const Cell& cell) {
    return transaction([&]() -> Result<> {
        if (auto done = outbox_erase(cell.record); !done) return done;
        auto insert =
            database_.use("INSERT INTO outbox (mesh, record, device, hlc, hash, state, envelope) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        return bind_cell(insert.bind(1, mesh_), 2, cell).run();
    });
}

Result<> CellStore::outbox_erase(const RecordId& record) {
    auto erase = database_.use("DELETE FROM outbox WHERE mesh = ?1 AND record = ?2");
    return erase.bind(1, mesh_).bind(2, record).run();
}

Result<> CellStore::history_add(const Cell& cell) {
    if (!keep_history_) return {};
    return transaction([&]() -> Result<> {
        auto insert = database_.use(
            "INSERT OR IGNORE INTO history (mesh, record, device, hlc, hash, state, envelope, "
            "kept_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        bind_cell(insert.bind(1, mesh_), 2, cell).bind(8, clock_.wall_ms());
        if (auto done = insert.run(); !done) return done;
        return history_prune(cell.record);
    });
}

Result<> CellStore::history_keep(std::int64_t id, const RecordId& record) {
    auto copy = database_.use(
        "INSERT OR IGNORE INTO history (mesh, record, device, hlc, hash, state, envelope, kept_ms) "
        "SELECT mesh, record, device, hlc, hash, state, envelope, ?2 FROM cell WHERE id = ?1");
    if (auto done = copy.bind(1, id).bind(2, clock_.wall_ms()).run(); !done) return done;
    return history_prune(record);
}

Result<> CellStore::history_prune(const RecordId& record) {
    auto most = database_.use(
        "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE mesh = ?1 AND record = ?2 "
        "ORDER BY id DESC LIMIT -1 OFFSET 10)");
    if (auto done = most.bind(1, mesh_).bind(2, record).run(); !done) return done;
    auto oldest = database_.use("DELETE FROM history WHERE mesh = ?1 AND kept_ms < ?2");
    return oldest.bind(1, mesh_).bind(2, clock_.wall_ms() - history_ms).run();
}

Result<std::vector<Cell>> CellStore::history(const RecordId& record) {
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM history "
                              "WHERE mesh = ?1 AND record = ?2 ORDER BY id DESC");
    return read_cells(database_, rows.bind(1, mesh_).bind(2, record));
}

} // namespace envmesh::storage
