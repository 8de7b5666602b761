// SPDX-License-Identifier: MIT
// What may be kept, wherever it is kept: what comes back and is not that is not ours.
#pragma once

#include <cstddef>

namespace envmesh::platform {

constexpr std::size_t largest_secret = 1024;

constexpr bool is_plausible(std::size_t size) { return size > 0 && size <= largest_secret; }

} // namespace envmesh::platform
