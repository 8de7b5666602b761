// SPDX-License-Identifier: MIT
#include "core/node/health.h"

#include "core/base/codec.h"

namespace envmesh::node {

void Health::update(bool up, std::int64_t now_ms) {
    if (up == steady_at_.has_value()) return;
    steady_at_.reset();
    if (up) steady_at_ = now_ms + steady_after_ms + jitter(random_, steady_jitter_ms);
}

std::int64_t jitter(Random& random, std::int64_t most_ms) {
    Block<8> dice{};
    random.fill(dice);
    return static_cast<std::int64_t>(Reader(dice).u64() % static_cast<std::uint64_t>(most_ms + 1));
}

} // namespace envmesh::node
