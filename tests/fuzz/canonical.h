// SPDX-License-Identifier: MIT
// For formats whose decoder accepts exactly what its encoder produces.
#pragma once

#include "core/base/bytes.h"

#include <algorithm>
#include <cstdlib>

namespace envmesh::fuzz {

inline void require(bool holds) {
    if (!holds) std::abort();
}

template <class Decode, class Encode>
void canonical(View input, const Decode& decode, const Encode& encode) {
    const auto decoded = decode(input);
    if (!decoded) return require(!decoded.error().message.empty());
    require(std::ranges::equal(encode(*decoded), input));
}

} // namespace envmesh::fuzz
