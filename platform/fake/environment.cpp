// SPDX-License-Identifier: MIT
#include "platform/fake/environment.h"

namespace envmesh::platform::fake {

Result<Publication> Environment::publish(const std::vector<Assignment>& wanted) {
    const std::scoped_lock lock(mutex_);
    ++times_;
    if (error_) return std::unexpected(*error_);
    Publication told;
    told.reason = reason_;
    published_.clear();
    if (!reason_.empty()) return told;
    for (const auto& one : wanted)
        if (const auto refusal = refusals_.find(one.name); refusal != refusals_.end())
            told.refused.push_back(refusal->second);
        else
            published_[one.name] = std::string(one.value.reveal_text());
    if (!published_.empty())
        told.places = {"systemd user manager", "environment.d", "D-Bus activation"};
    return told;
}

std::map<std::string, std::string> Environment::published() const {
    const std::scoped_lock lock(mutex_);
    return published_;
}

int Environment::times_published() const {
    const std::scoped_lock lock(mutex_);
    return times_;
}

void Environment::fail_with(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    error_ = std::move(error);
}

void Environment::lose_places(std::string reason) {
    const std::scoped_lock lock(mutex_);
    reason_ = std::move(reason);
}

void Environment::refuse(std::string name, std::string reason, bool nowhere) {
    const std::scoped_lock lock(mutex_);
    refusals_[name] = {name, std::move(reason), nowhere};
}

} // namespace envmesh::platform::fake
