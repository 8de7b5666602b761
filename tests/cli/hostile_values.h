// SPDX-License-Identifier: MIT
// Values that break out of quotes, run commands, or do not survive a careless reader.
#pragma once

#include <string>
#include <vector>

namespace envmesh::test {

/// Every byte but NUL alone, and fifteen hundred in all, or as many as ENVMESH_HOSTILE_VALUES says;
/// the same each time.
std::vector<std::string> hostile_values();

} // namespace envmesh::test
