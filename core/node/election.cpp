// SPDX-License-Identifier: MIT
#include "core/node/election.h"

#include <algorithm>

namespace envmesh::node {

bool Election::wants_change(const View& view) const {
    if (!serving_) return view.may_serve && !view.cloud && !view.server;
    return view.cloud_steady || (view.server && *view.server < self_);
}

void Election::update(const View& view, std::int64_t now_ms) {
    if (serving_ && !view.may_serve) return change(now_ms);
    if (!wants_change(view)) return change_at_.reset();
    if (!change_at_) {
        const std::int64_t soonest =
            serving_ ? now_ms + between_roles_ms
                     : now_ms + stand_after_ms + jitter(random_, stand_jitter_ms);
        change_at_ = std::max(soonest, changed_at_ ? *changed_at_ + between_roles_ms : soonest);
    }
    const bool hold = !serving_ && view.announced && now_ms < *change_at_ + hold_ms;
    if (now_ms >= *change_at_ && !hold) change(now_ms);
}

void Election::change(std::int64_t now_ms) {
    serving_ = !serving_;
    changed_at_ = now_ms;
    change_at_.reset();
}

void Election::failed(std::int64_t now_ms) {
    if (serving_) change(now_ms);
}

} // namespace envmesh::node
