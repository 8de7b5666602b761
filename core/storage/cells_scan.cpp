// SPDX-License-Identifier: MIT
// What a peer lacks, in the order in which it is sent.
#include "core/storage/cell_row.h"
#include "core/storage/cells.h"

#include <algorithm>
#include <limits>

namespace envmesh::storage {
namespace {

using sync::Cell;
using sync::Cursor;
using sync::DeviceId;
using sync::Hlc;

using Newest = std::vector<std::pair<DeviceId, Hlc>>;

constexpr Hlc latest = std::numeric_limits<Hlc>::max();

Hlc above(Hlc hlc) { return hlc == latest ? latest : hlc + 1; }

/// What the peer lacks (sync::Store::scan).
struct Lack {
    const sync::VersionVector& floor;
    const sync::Resume* resume;

    static Hlc of(const sync::VersionVector& versions, const DeviceId& device) {
        const auto found = versions.find(device);
        return found == versions.end() ? 0 : found->second;
    }
    [[nodiscard]] bool has(const Cursor& cell) const {
        return cell.hlc > of(floor, cell.device) &&
               (resume == nullptr || cell.hlc > of(resume->target, cell.device) ||
                cell > resume->cursor);
    }
    /// No change of the device below this is lacking.
    [[nodiscard]] Hlc least(const DeviceId& device) const {
        const Hlc next = above(of(floor, device));
        if (resume == nullptr) return next;
        return std::max(next, std::min(above(of(resume->target, device)), resume->cursor.hlc));
    }
    /// Just before the first change that can be lacking; nothing when no device lags.
    [[nodiscard]] std::optional<Cursor> start(const Newest& newest) const {
        std::optional<Hlc> first;
        for (const auto& [device, hlc] : newest) {
            if (hlc <= of(floor, device) || hlc < least(device)) continue;
            first = std::min(first.value_or(latest), least(device));
        }
        if (!first) return std::nullopt;
        Cursor out{*first - 1, {}, {}}; // least() is never 0
        out.device.fill(0xff);
        out.record.fill(0xff);
        return out;
    }
};

} // namespace

Result<std::vector<std::pair<DeviceId, Hlc>>> CellStore::newest() {
    // One seek in cell_device for each device, instead of a walk over all cells.
    auto rows = database_.use(
        "WITH RECURSIVE d (device) AS (SELECT min(device) FROM cell WHERE mesh = ?1 UNION ALL "
        "SELECT (SELECT min(device) FROM cell WHERE mesh = ?1 AND device > d.device) FROM d "
        "WHERE d.device IS NOT NULL) "
        "SELECT device, (SELECT max(hlc) FROM cell WHERE mesh = ?1 AND device = d.device) "
        "FROM d WHERE device IS NOT NULL");
    rows.bind(1, mesh_);
    std::vector<std::pair<DeviceId, Hlc>> out;
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return out;
        bool fits = true;
        const auto device = read_block<sizeof(DeviceId)>(rows, 0, fits);
        if (!fits) return damaged(database_);
        out.emplace_back(device, hlc_from(rows.integer(1)));
    }
}

Result<Cell> CellStore::by_id(std::int64_t id) {
    auto rows =
        database_.use("SELECT record, device, hlc, hash, state, envelope FROM cell WHERE id = ?1");
    const auto row = rows.bind(1, id).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return damaged(database_);
    return read_cell(database_, rows);
}

Result<std::vector<Cell>> CellStore::scan(const sync::VersionVector& floor,
                                          const sync::Resume* resume, const Cursor& after,
                                          std::size_t limit, std::size_t most_bytes) {
    const Lack lack{floor, resume};
    const auto devices = newest();
    if (!devices) return std::unexpected(devices.error());
    std::vector<Cell> out;
    const auto start = lack.start(*devices);
    if (!start || limit == 0) return out;
    const Cursor position = std::max(after, *start);
    auto rows = database_.use("SELECT id, hlc, device, record FROM cell INDEXED BY cell_hlc "
                              "WHERE mesh = ?1 AND (hlc, device, record) > (?2, ?3, ?4) "
                              "ORDER BY hlc, device, record");
    rows.bind(1, mesh_).bind(2, stored(position.hlc));
    rows.bind(3, position.device).bind(4, position.record);
    std::size_t bytes = 0;
    while (out.size() < limit && bytes < most_bytes) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return out;
        bool fits = true;
        const Cursor at{hlc_from(rows.integer(1)), read_block<sizeof(DeviceId)>(rows, 2, fits),
                        read_block<sizeof(sync::RecordId)>(rows, 3, fits)};
        if (!fits) return damaged(database_);
        if (!lack.has(at)) continue;
        auto cell = by_id(rows.integer(0));
        if (!cell) return std::unexpected(cell.error());
        bytes += cell->envelope.size();
        out.push_back(std::move(*cell));
    }
    return out;
}

} // namespace envmesh::storage
