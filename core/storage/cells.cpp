// SPDX-License-Identifier: MIT
// The registers.
#include "core/storage/cells.h"

#include "core/crypto/hash.h"
#include "core/storage/cell_row.h"

#include <algorithm>

namespace envmesh::storage {

using sync::Cell;
using sync::CellState;

CellStore::CellStore(Database& database, MeshRow mesh, Clock& clock, bool keep_history)
    : database_(database), mesh_(mesh), clock_(clock), keep_history_(keep_history) {}

Result<> CellStore::transaction(const std::function<Result<>()>& work) {
    return database_.transaction(work);
}

CellStore::Derived& CellStore::derived() {
    if (derived_.rollbacks != database_.rollbacks()) derived_ = {database_.rollbacks(), {}, {}, {}};
    return derived_;
}

void CellStore::touch(const sync::RecordId& record) {
    constexpr std::size_t most_touched = 4096; // then all may as well be read anew
    if (!touched_.records) return;
    touched_.records->insert(record);
    if (touched_.records->size() > most_touched) touched_.records.reset();
}

std::optional<std::set<sync::RecordId>> CellStore::take_touched() {
    Touched taken = std::exchange(touched_, {database_.rollbacks(), std::set<sync::RecordId>()});
    if (taken.rollbacks != touched_.rollbacks) return std::nullopt;
    return std::move(taken.records);
}

Result<std::optional<Cell>> CellStore::find(const sync::RecordId& record,
                                            const sync::DeviceId& device) {
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM cell "
                              "WHERE mesh = ?1 AND record = ?2 AND device = ?3");
    const auto row = rows.bind(1, mesh_).bind(2, record).bind(3, device).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return read_cell(database_, rows);
}

Result<std::vector<Cell>> CellStore::cells_of(const sync::RecordId& record) {
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM cell "
                              "WHERE mesh = ?1 AND record = ?2 ORDER BY device");
    return read_cells(database_, rows.bind(1, mesh_).bind(2, record));
}

Result<> CellStore::each(const std::function<Result<>(const Cell&)>& visit) {
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM cell "
                              "INDEXED BY cell_record WHERE mesh = ?1 ORDER BY record, device");
    rows.bind(1, mesh_);
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        const auto cell = read_cell(database_, rows);
        if (!cell) return std::unexpected(cell.error());
        if (auto done = visit(*cell); !done) return done;
    }
}

Result<> CellStore::put(const Cell& cell) {
    if (keep_history_) return transaction([&] { return replace(cell); });
    return replace(cell);
}

Result<> CellStore::replace(const Cell& cell) {
    auto old = database_.use("SELECT id, length(envelope), hash FROM cell "
                             "WHERE mesh = ?1 AND record = ?2 AND device = ?3");
    const auto row = old.bind(1, mesh_).bind(2, cell.record).bind(3, cell.device).step();
    if (!row) return std::unexpected(row.error());
    const bool replaces = *row;
    const auto old_size = replaces ? static_cast<std::uint64_t>(old.integer(1)) : 0;
    if (replaces && keep_history_ && !std::ranges::equal(old.bytes(2), cell.hash))
        if (auto kept = history_keep(old.integer(0), cell.record); !kept) return kept;
    // "OR REPLACE", and an UPDATE that may abort, would first encrypt every page they touch into a
    // journal of the statement: ten times slower.
    auto write = database_.use(
        replaces ? "UPDATE OR FAIL cell SET hlc = ?4, hash = ?5, state = ?6, envelope = ?7 "
                   "WHERE id = ?8 AND mesh = ?1"
                 : "INSERT INTO cell (mesh, record, device, hlc, hash, state, envelope) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    bind_cell(write.bind(1, mesh_), 2, cell);
    if (replaces) write.bind(8, old.integer(0));
    if (auto done = write.run(); !done) return done;
    touch(cell.record);
    derived().digest.reset();
    if (auto& usage = derived().usage) {
        usage->cells += replaces ? 0 : 1;
        usage->bytes += cell.envelope.size() - old_size;
    }
    return {};
}

Result<> CellStore::set_state(const sync::RecordId& record, const sync::DeviceId& device,
                              CellState state) {
    touch(record);
    return database_
        .use("UPDATE cell SET state = ?4 WHERE mesh = ?1 AND record = ?2 AND device = ?3")
        .bind(1, mesh_)
        .bind(2, record)
        .bind(3, device)
        .bind(4, static_cast<std::int64_t>(state))
        .run();
}

Result<std::vector<Cell>> CellStore::in_state(CellState state, sync::Hlc until,
                                              const sync::Cursor& after, std::size_t limit) {
    // "state != 0" is what lets SQLite use the partial index.
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM cell "
                              "INDEXED BY cell_state WHERE mesh = ?1 AND state = ?2 AND state != 0 "
                              "AND (hlc, device, record) > (?3, ?4, ?5) AND hlc <= ?6 "
                              "ORDER BY hlc, device, record LIMIT ?7");
    rows.bind(1, mesh_).bind(2, static_cast<std::int64_t>(state));
    rows.bind(3, stored(after.hlc)).bind(4, after.device).bind(5, after.record);
    rows.bind(6, stored(until)).bind(7, static_cast<std::int64_t>(limit));
    return read_cells(database_, rows);
}

Result<std::uint64_t> CellStore::count(CellState state) {
    if (state != CellState::readable) {
        auto rows = database_.use(
            "SELECT count(*) FROM cell WHERE mesh = ?1 AND state = ?2 AND state != 0");
        return read_number(rows.bind(1, mesh_).bind(2, static_cast<std::int64_t>(state)));
    }
    const auto all = usage();
    if (!all) return std::unexpected(all.error());
    auto rows = database_.use("SELECT count(*) FROM cell WHERE mesh = ?1 AND state != 0");
    const auto others = read_number(rows.bind(1, mesh_));
    if (!others) return others;
    return all->cells - *others;
}

Result<sync::Hash> CellStore::digest() {
    if (derived().digest) return *derived().digest;
    auto rows = database_.use("SELECT record, device, hlc, hash FROM cell INDEXED BY cell_record "
                              "WHERE mesh = ?1 ORDER BY record, device");
    rows.bind(1, mesh_);
    crypto::Hasher hasher;
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        const sync::Hlc hlc = hlc_from(rows.integer(2));
        Block<8> time{};
        for (std::size_t i = 0; i < time.size(); ++i)
            time[i] = static_cast<std::uint8_t>(hlc >> (56U - 8U * i));
        hasher.add(rows.bytes(0)).add(rows.bytes(1)).add(time).add(rows.bytes(3));
    }
    derived().digest = hasher.finish();
    return *derived().digest;
}

Result<sync::Usage> CellStore::usage() {
    if (derived().usage) return *derived().usage;
    auto rows = database_.use(
        "SELECT count(*), coalesce(sum(length(envelope)), 0) FROM cell WHERE mesh = ?1");
    const auto row = rows.bind(1, mesh_).step();
    if (!row) return std::unexpected(row.error());
    derived().usage = {static_cast<std::uint64_t>(rows.integer(0)),
                       static_cast<std::uint64_t>(rows.integer(1))};
    return *derived().usage;
}

} // namespace envmesh::storage
