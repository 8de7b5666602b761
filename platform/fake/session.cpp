// SPDX-License-Identifier: MIT
#include "platform/fake/session.h"

namespace envmesh::platform::fake {

void Sessions::become(std::string state) {
    const std::scoped_lock lock(mutex_);
    state_ = std::move(state);
}

int Sessions::times_ready() const {
    const std::scoped_lock lock(mutex_);
    return times_ready_;
}

void Sessions::ready() {
    const std::scoped_lock lock(mutex_);
    ++times_ready_;
}

std::string Sessions::state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
}

} // namespace envmesh::platform::fake
