// SPDX-License-Identifier: MIT
#include "core/storage/cell_row.h"

#include "core/crypto/hash.h"

namespace envmesh::storage {

Statement& bind_cell(Statement& statement, int first, const sync::Cell& cell) {
    return statement.bind(first, cell.record)
        .bind(first + 1, cell.device)
        .bind(first + 2, stored(cell.hlc))
        .bind(first + 3, cell.hash)
        .bind(first + 4, static_cast<std::int64_t>(cell.state))
        .bind(first + 5, cell.envelope);
}

Result<sync::Cell> read_cell(const Database& database, const Statement& row) {
    bool fits = true;
    sync::Cell cell;
    cell.record = read_block<sizeof(cell.record)>(row, 0, fits);
    cell.device = read_block<sizeof(cell.device)>(row, 1, fits);
    cell.hlc = hlc_from(row.integer(2));
    cell.hash = read_block<sizeof(cell.hash)>(row, 3, fits);
    const std::int64_t state = row.integer(4);
    cell.state = static_cast<sync::CellState>(state);
    cell.envelope = to_bytes(row.bytes(5));
    if (!fits || state < 0 || state > static_cast<std::int64_t>(sync::CellState::held) ||
        crypto::hash128({cell.envelope}) != cell.hash)
        return damaged(database);
    return cell;
}

Result<std::vector<sync::Cell>> read_cells(const Database& database, Statement& rows) {
    std::vector<sync::Cell> out;
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return out;
        auto cell = read_cell(database, rows);
        if (!cell) return std::unexpected(cell.error());
        out.push_back(std::move(*cell));
    }
}

Result<sync::Hlc> read_hlc(Statement& rows) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    return !*row || rows.is_null(0) ? sync::Hlc{0} : hlc_from(rows.integer(0));
}

Result<std::uint64_t> read_number(Statement& rows) {
    const auto row = rows.step();
    if (!row) return std::unexpected(row.error());
    return *row ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

std::unexpected<Error> damaged(const Database& database) {
    return fail(Code::corrupt, "The database " + database.file().string() + " is damaged.",
                "Restore it from a backup, or move it away and join the mesh again: the other "
                "devices hold its variables.");
}

} // namespace envmesh::storage
