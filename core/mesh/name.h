// SPDX-License-Identifier: MIT
// Names that a person reads before trusting a device: its own name and its platform. They come from
// other machines, so a terminal must survive them: well-formed UTF-8, not empty, nothing that moves
// the cursor, breaks the line or turns the direction of writing.
#pragma once

#include "core/base/bytes.h"

namespace envmesh::mesh {

inline constexpr std::size_t most_name_bytes = 64;
inline constexpr std::size_t most_platform_bytes = 32;

bool is_name(std::string_view text, std::size_t most_bytes);
/// The nearest name to our own text: what is_name refuses is left out, the end is cut at a
/// character; "unnamed" when nothing is left.
std::string fit_name(std::string_view text, std::size_t most_bytes);

} // namespace envmesh::mesh
