// SPDX-License-Identifier: MIT
// The staged part of a pull, and where it stands.
#include "core/base/codec.h"
#include "core/storage/cell_row.h"
#include "core/storage/cells.h"

namespace envmesh::storage {
namespace {

constexpr std::int64_t staged_for_ms = std::int64_t{6} * 60 * 60 * 1000;

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

Result<> CellStore::stage(const PeerId& peer, const Cell& cell) {
    auto old = database_.use("SELECT length(envelope), (hlc, hash) < (?5, ?6) FROM inbox "
                             "WHERE mesh = ?1 AND peer = ?2 AND record = ?3 AND device = ?4");
    old.bind(1, mesh_).bind(2, peer).bind(3, cell.record).bind(4, cell.device);
    const auto row = old.bind(5, stored(cell.hlc)).bind(6, cell.hash).step();
    if (!row) return std::unexpected(row.error());
    const bool replaces = *row;
    if (replaces && old.integer(1) == 0) return {};
    // Not "OR REPLACE": see CellStore::replace.
    auto write = database_.use(
        replaces ? "UPDATE OR FAIL inbox SET hlc = ?5, hash = ?6, state = ?7, envelope = ?8 "
                   "WHERE mesh = ?1 AND peer = ?2 AND record = ?3 AND device = ?4"
                 : "INSERT OR FAIL INTO inbox (mesh, peer, record, device, hlc, hash, state, "
                   "envelope) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    bind_cell(write.bind(1, mesh_).bind(2, peer), 3, cell);
    if (auto done = write.run(); !done) return done;
    if (auto& staged = derived().inbox) {
        staged->cells += replaces ? 0 : 1;
        staged->bytes += cell.envelope.size();
        staged->bytes -= replaces ? static_cast<std::uint64_t>(old.integer(0)) : 0;
    }
    return {};
}

Result<> CellStore::inbox_add(const PeerId& peer, const std::vector<Cell>& cells,
                              const Resume& resume) {
    return transaction([&]() -> Result<> {
        for (const Cell& cell : cells)
            if (auto done = stage(peer, cell); !done) return done;
        auto insert = database_.use("INSERT OR REPLACE INTO resume (mesh, peer, token, kept_ms) "
                                    "VALUES (?1, ?2, ?3, ?4)");
        insert.bind(1, mesh_).bind(2, peer).bind(3, encode(resume));
        return insert.bind(4, clock_.wall_ms()).run();
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

Result<> CellStore::inbox_each(const PeerId& peer, const std::function<Result<>(Cell)>& visit) {
    auto rows = database_.use("SELECT record, device, hlc, hash, state, envelope FROM inbox "
                              "WHERE mesh = ?1 AND peer = ?2 ORDER BY record, device");
    rows.bind(1, mesh_).bind(2, peer);
    while (true) {
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        auto cell = read_cell(database_, rows);
        if (!cell) return std::unexpected(cell.error());
        if (auto done = visit(std::move(*cell)); !done) return done;
    }
}

Result<sync::Usage> CellStore::inbox_usage() {
    if (derived().inbox) return *derived().inbox;
    auto rows = database_.use(
        "SELECT count(*), coalesce(sum(length(envelope)), 0) FROM inbox WHERE mesh = ?1");
    const auto row = rows.bind(1, mesh_).step();
    if (!row) return std::unexpected(row.error());
    derived().inbox = {static_cast<std::uint64_t>(rows.integer(0)),
                       static_cast<std::uint64_t>(rows.integer(1))};
    return *derived().inbox;
}

Result<> CellStore::inbox_expire() {
    const auto oldest = [this]() -> Result<std::optional<PeerId>> {
        // A time to come is of a clock that was wrong.
        auto rows = database_.use("SELECT peer FROM resume WHERE mesh = ?1 AND "
                                  "(kept_ms < ?2 OR kept_ms > ?3) LIMIT 1");
        const std::int64_t now = clock_.wall_ms();
        rows.bind(1, mesh_).bind(2, now - staged_for_ms).bind(3, now + staged_for_ms);
        const auto row = rows.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return std::nullopt;
        bool fits = true;
        const auto peer = read_block<sizeof(PeerId)>(rows, 0, fits);
        if (!fits) return damaged(database_);
        return peer;
    };
    while (true) {
        const auto peer = oldest();
        if (!peer) return std::unexpected(peer.error());
        if (!*peer) return {};
        if (auto done = inbox_clear(**peer); !done) return done;
    }
}

Result<> CellStore::inbox_clear(const PeerId& peer) {
    derived().inbox.reset();
    return transaction([&]() -> Result<> {
        auto cells = database_.use("DELETE FROM inbox WHERE mesh = ?1 AND peer = ?2");
        if (auto done = cells.bind(1, mesh_).bind(2, peer).run(); !done) return done;
        auto token = database_.use("DELETE FROM resume WHERE mesh = ?1 AND peer = ?2");
        return token.bind(1, mesh_).bind(2, peer).run();
    });
}

Result<> CellStore::inbox_clear_all() {
    derived().inbox.reset();
    return transaction([&]() -> Result<> {
        auto cells = database_.use("DELETE FROM inbox WHERE mesh = ?1");
        if (auto done = cells.bind(1, mesh_).run(); !done) return done;
        auto tokens = database_.use("DELETE FROM resume WHERE mesh = ?1");
        return tokens.bind(1, mesh_).run();
    });
}

} // namespace envmesh::storage
