// SPDX-License-Identifier: MIT
// Private to this folder: how a cell stands in a row. Every table of cells has the columns record,
// device, hlc, hash, state, envelope; queries name them in this order.
#pragma once

#include "core/storage/database.h"
#include "core/sync/store.h"

#include <vector>

namespace envmesh::storage {

/// SQLite's integers are signed: with the top bit turned, their order is that of all 64 bits.
constexpr std::int64_t stored(sync::Hlc hlc) {
    return static_cast<std::int64_t>(hlc ^ (std::uint64_t{1} << 63U));
}
constexpr sync::Hlc hlc_from(std::int64_t stored) {
    return static_cast<sync::Hlc>(stored) ^ (std::uint64_t{1} << 63U);
}

/// Binds ?first to ?first+5.
Statement& bind_cell(Statement& statement, int first, const sync::Cell& cell);
/// The cell in columns 0 to 5: `corrupt` unless its parts have their sizes and the envelope its
/// hash. SQLCipher 3 can yield zeros, without an error, for a damaged page that continues a long
/// value.
Result<sync::Cell> read_cell(const Database& database, const Statement& row);
/// All rows to come.
Result<std::vector<sync::Cell>> read_cells(const Database& database, Statement& rows);
/// The hlc in column 0 of the only row; 0 when there is none or it is null.
Result<sync::Hlc> read_hlc(Statement& rows);
/// The number in column 0 of the only row.
Result<std::uint64_t> read_number(Statement& rows);
std::unexpected<Error> damaged(const Database& database);

/// The array in a column; all zeros and `fits` false when its size is another.
template <std::size_t N>
Block<N> read_block(const Statement& row, int column, bool& fits) {
    const View bytes = row.bytes(column);
    fits = fits && bytes.size() == N;
    return bytes.size() == N ? block<N>(bytes) : Block<N>{};
}

} // namespace envmesh::storage
