// SPDX-License-Identifier: MIT
#include "core/sync/replica.h"

#include <algorithm>

namespace envmesh::sync {

Replica::Replica(Store& store, const Authority& authority, Clock& clock, Random& random,
                 std::optional<DeviceId> self, Holding holding)
    : store_(store), authority_(authority), clock_(clock), random_(random), self_(self),
      holding_(holding) {}

std::vector<Opened> Replica::open_all(std::span<const Cell> cells) const {
    std::vector<Opened> out;
    for (const Cell& cell : cells) {
        if (cell.state != CellState::readable) continue;
        const auto envelope = Envelope::parse(cell.envelope);
        if (!envelope) continue;
        auto variable = authority_.open(*envelope);
        if (variable)
            out.push_back({{cell.device, cell.hlc},
                           std::move(*variable),
                           envelope->sealed.size() - crypto::tag_size});
    }
    return out;
}

Result<std::vector<Opened>> Replica::open_record(const RecordId& record) {
    const auto cells = store_.cells_of(record);
    if (!cells) return std::unexpected(cells.error());
    return open_all(*cells);
}

Result<std::optional<Reading>> Replica::reading(const RecordId& record, std::vector<Opened> cells,
                                                Hlc acknowledged) const {
    const auto undominated = visible(cells);
    if (undominated.empty()) return std::nullopt;
    Opened& winner = cells[undominated.front()];
    const bool own = self_ && winner.dot.device == *self_;
    return Reading{.record = record,
                   .dot = winner.dot,
                   .variable = std::move(winner.variable),
                   .conflicts = undominated.size() - 1,
                   .pending = own && winner.dot.hlc > acknowledged};
}

Result<std::optional<Reading>> Replica::read(std::string_view scope, std::string_view name) {
    return read(authority_.record_id(scope, name));
}

Result<std::optional<Reading>> Replica::read(const RecordId& record) {
    auto cells = open_record(record);
    if (!cells) return std::unexpected(cells.error());
    const auto acknowledged = store_.acknowledged();
    if (!acknowledged) return std::unexpected(acknowledged.error());
    return reading(record, std::move(*cells), *acknowledged);
}

Result<> Replica::read_all(const std::function<Result<>(Reading)>& visit) {
    const auto acknowledged = store_.acknowledged();
    if (!acknowledged) return std::unexpected(acknowledged.error());
    std::vector<Cell> group;
    const auto flush = [&]() -> Result<> {
        if (group.empty()) return {};
        auto found = reading(group.front().record, open_all(group), *acknowledged);
        group.clear();
        if (!found) return std::unexpected(found.error());
        return *found ? visit(std::move(**found)) : Result<>{};
    };
    const auto collect = [&](const Cell& cell) -> Result<> {
        if (!group.empty() && group.front().record != cell.record)
            if (auto done = flush(); !done) return done;
        group.push_back(cell);
        return {};
    };
    if (auto done = store_.each(collect); !done) return done;
    return flush();
}

Result<Cell> Replica::seal(const Variable& variable, Hlc hlc, std::size_t least_bucket) {
    Bytes bytes = authority_.seal(variable, hlc, least_bucket, random_);
    if (bytes.size() > Envelope::most_bytes)
        return fail(Code::invalid,
                    "The value and the notes of " + variable.name + " are too large together.",
                    "Shorten its note or its value.");
    Cell cell{.record = authority_.record_id(variable.scope, variable.name),
              .device = *self_,
              .hlc = hlc,
              .envelope = std::move(bytes)};
    cell.hash = crypto::hash128({cell.envelope});
    return cell;
}

Result<> Replica::keep_own(const Cell& cell) {
    if (auto done = store_.put(cell); !done) return done;
    return store_.outbox_put(cell);
}

namespace {

Result<> check(const Change& change) {
    if (!is_valid_name(change.name))
        return fail(Code::invalid, "\"" + change.name + "\" is not the name of a variable.",
                    "Use letters, digits and _, not starting with a digit.");
    if (!is_valid_scope(change.scope))
        return fail(Code::invalid, "\"" + change.scope + "\" is not a scope.",
                    "Use shared, profile/NAME or this device.");
    const auto fits = [](const Tag& tag) { return tag.value.size() <= 4096; };
    if (change.tags.size() > 16 || !std::ranges::all_of(change.tags, fits))
        return fail(Code::invalid, "The notes of " + change.name + " are too many or too long.",
                    "At most 16 of 4096 bytes can be kept.");
    return check_value(change.name, change.value.reveal());
}

/// A7: a deletion looks like an edit of what it deletes.
std::size_t disguise(const std::vector<Opened>& cells, const DeviceId& self) {
    std::size_t largest = 0;
    for (const Opened& cell : cells) {
        if (cell.dot.device == self) return cell.padded;
        largest = std::max(largest, cell.padded);
    }
    return largest;
}

} // namespace

Result<Cell> Replica::write_one(Change change, Hlc& last) {
    if (auto fine = check(change); !fine) return std::unexpected(fine.error());
    const auto seen = open_record(authority_.record_id(change.scope, change.name));
    if (!seen) return std::unexpected(seen.error());
    Variable variable{.kind = change.kind,
                      .visibility = change.visibility,
                      .scope = std::move(change.scope),
                      .name = std::move(change.name),
                      .value = {},
                      .context = context_of(*seen),
                      .tags = std::move(change.tags)};
    const bool deletes = variable.kind == Kind::tombstone;
    if (!deletes) variable.value = std::move(change.value);
    for (const Dot& dot : variable.context)
        last = std::max(last, dot.hlc);
    last = next_hlc(last, now_ms());
    if (!is_plausible(last))
        return fail(Code::internal, "The mesh's clock stands beyond the year 4199.",
                    "Check the clocks of all devices of the mesh.");
    auto cell = seal(variable, last, deletes ? disguise(*seen, *self_) : 0);
    if (!cell) return cell;
    if (auto done = keep_own(*cell); !done) return std::unexpected(done.error());
    return cell;
}

Result<Delta> Replica::write(std::vector<Change> changes) {
    if (!self_) return fail(Code::denied, "A server does not write variables.");
    if (changes.empty()) return Delta{};
    std::map<RecordId, Cell> written; // two changes of one record: the later stands
    Delta delta;
    const auto work = [&]() -> Result<> {
        const auto versions = store_.versions();
        if (!versions) return std::unexpected(versions.error());
        const auto stored = store_.last();
        if (!stored) return std::unexpected(stored.error());
        delta.from[*self_] = version_of(*versions, *self_);
        Hlc last = std::max(*stored, delta.from[*self_]);
        for (Change& change : changes) {
            auto cell = write_one(std::move(change), last);
            if (!cell) return std::unexpected(cell.error());
            const RecordId record = cell->record;
            written.insert_or_assign(record, std::move(*cell));
        }
        delta.to[*self_] = last;
        if (auto done = store_.set_version(*self_, last); !done) return done;
        return store_.set_last(last);
    };
    if (auto done = store_.transaction(work); !done) return std::unexpected(done.error());
    for (auto& [record, cell] : written)
        delta.cells.push_back(std::move(cell));
    return delta;
}

} // namespace envmesh::sync
