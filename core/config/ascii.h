// SPDX-License-Identifier: MIT
// toml++ 3.3 takes places for never reached that characters beyond ASCII do reach, in valid files
// too, and what happens then is not defined. So it is given a form of pure ASCII: each byte beyond
// it, and each mark, is a mark and two digits. There and back gives the same bytes, whatever they
// are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace envmesh::config {

/// A mark that no escape in the TOML makes; it can stand in strings and comments only. Nothing when
/// the text has an escape for each of the six that there are.
std::optional<char> mark_for(std::string_view toml);
std::string to_ascii(std::string_view text, char mark);
/// Writes to `out`, which has room for as many bytes as `ascii` has, and says how many they were.
std::size_t from_ascii(std::string_view ascii, char mark, std::span<std::uint8_t> out);
std::string from_ascii(std::string_view ascii, char mark);

} // namespace envmesh::config
