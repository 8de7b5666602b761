// SPDX-License-Identifier: MIT
#include "core/node/scoping.h"

#include <algorithm>

namespace envmesh::node {

std::size_t Ranking::of(std::string_view scope) const {
    if (scope == shared_scope) return 1;
    if (scope == own_) return profiles_.size() + 2;
    if (!scope.starts_with(profile_prefix)) return 0;
    const auto last = std::ranges::find(profiles_.rbegin(), profiles_.rend(),
                                        scope.substr(profile_prefix.size()));
    return last == profiles_.rend() ? 0 : static_cast<std::size_t>(profiles_.rend() - last) + 1;
}

const sync::Reading* strongest(std::span<const sync::Reading> of_one_name, const Ranking& ranking) {
    const sync::Reading* found = nullptr;
    std::size_t most = 0;
    for (const sync::Reading& reading : of_one_name)
        if (const std::size_t rank = ranking.of(reading.variable.scope); rank > most) {
            most = rank;
            found = &reading;
        }
    return found;
}

} // namespace envmesh::node
