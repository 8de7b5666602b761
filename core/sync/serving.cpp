// SPDX-License-Identifier: MIT
#include "core/sync/serving.h"

namespace envmesh::sync {

void Serving::start(Pull request) {
    floor_ = std::move(request.versions);
    resume_ = std::move(request.resume);
    cursor_ = {};
    unacknowledged_ = 0;
    active_ = true;
    begun_ = false;
}

Result<> Serving::acknowledged() {
    if (!active_) return {};
    if (unacknowledged_ == 0)
        return fail(Code::protocol, "The other side acknowledged what it was not sent.");
    --unacknowledged_;
    return {};
}

Result<Message> Serving::begin() {
    auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    target_ = std::move(*versions);
    // Restored from a backup, say: what the peer staged is not of the state that we have.
    if (resume_ && !mesh::covers(target_, resume_->target)) resume_.reset();
    Begin begin{.resumed = resume_.has_value(), .target = target_};
    if (floor_.empty() && !resume_) {
        const auto usage = store_.usage();
        if (!usage) return std::unexpected(usage.error());
        begin.expected = usage->cells;
    }
    begun_ = true;
    return begin;
}

/// The end, unless the replica has moved on since the pass began: then another one begins.
Result<Message> Serving::next_pass() {
    auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    active_ = *versions != target_;
    if (!active_) return End{};
    join(floor_, target_);
    resume_.reset();
    cursor_ = {};
    target_ = std::move(*versions);
    return Begin{.target = target_};
}

Result<std::optional<Message>> Serving::next() {
    if (!active_ || (begun_ && unacknowledged_ >= limits_.window)) return std::nullopt;
    if (!begun_) return begin();
    auto cells = store_.scan(floor_, resume_ ? &*resume_ : nullptr, cursor_, limits_.batch_cells,
                             limits_.batch_bytes);
    if (!cells) return std::unexpected(cells.error());
    if (cells->empty()) return next_pass();
    cursor_ = cursor_of(cells->back());
    Batch batch;
    for (Cell& cell : *cells)
        batch.envelopes.push_back(std::move(cell.envelope));
    ++unacknowledged_;
    return batch;
}

} // namespace envmesh::sync
