// SPDX-License-Identifier: MIT
// Patterns of names: * is any text, ? any one character, everything else itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envmesh::cli {

bool matches(std::string_view pattern, std::string_view name);
/// Any of them; true when there are none.
bool matches(const std::vector<std::string>& patterns, std::string_view name);

} // namespace envmesh::cli
