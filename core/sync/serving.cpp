// SPDX-License-Identifier: MIT
#include "core/sync/serving.h"

namespace envmesh::sync {

Result<std::vector<Message>> Serving::start(Pull request) {
    auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    target_ = std::move(*versions);
    floor_ = std::move(request.versions);
    resume_ = std::move(request.resume);
    // Restored from a backup, say: what the peer staged is not of the state that we have.
    if (resume_ && !mesh::covers(target_, resume_->target)) resume_.reset();
    Begin begin{.resumed = resume_.has_value(), .target = target_};
    if (floor_.empty() && !resume_) {
        const auto usage = store_.usage();
        if (!usage) return std::unexpected(usage.error());
        begin.expected = usage->cells;
    }
    cursor_ = {};
    unacknowledged_ = 0;
    active_ = true;
    std::vector<Message> out;
    out.emplace_back(std::move(begin));
    return pump(std::move(out));
}

Result<std::vector<Message>> Serving::acknowledged() {
    if (!active_) return std::vector<Message>{};
    if (unacknowledged_ == 0)
        return fail(Code::protocol, "The other side acknowledged what it was not sent.");
    --unacknowledged_;
    return pump({});
}

/// True: the replica has moved on since the pass began, and another one has begun.
Result<bool> Serving::next_pass(std::vector<Message>& out) {
    auto versions = store_.versions();
    if (!versions) return std::unexpected(versions.error());
    if (*versions == target_) return false;
    join(floor_, target_);
    resume_.reset();
    cursor_ = {};
    target_ = std::move(*versions);
    out.emplace_back(Begin{.target = target_});
    return true;
}

Result<std::vector<Message>> Serving::pump(std::vector<Message> out) {
    while (active_ && unacknowledged_ < limits_.window) {
        auto cells = store_.scan(floor_, resume_ ? &*resume_ : nullptr, cursor_,
                                 limits_.batch_cells, limits_.batch_bytes);
        if (!cells) return std::unexpected(cells.error());
        if (!cells->empty()) {
            cursor_ = cursor_of(cells->back());
            Batch batch;
            for (Cell& cell : *cells)
                batch.envelopes.push_back(std::move(cell.envelope));
            out.emplace_back(std::move(batch));
            ++unacknowledged_;
            continue;
        }
        const auto again = next_pass(out);
        if (!again) return std::unexpected(again.error());
        if (*again) continue;
        out.emplace_back(End{});
        active_ = false;
    }
    return out;
}

} // namespace envmesh::sync
