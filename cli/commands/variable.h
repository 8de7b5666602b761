// SPDX-License-Identifier: MIT
// Variables, and changes to them, as the commands show them.
#pragma once

#include "cli/output.h"
#include "core/api/calls.h"

namespace envmesh::cli {

/// With its value when it has one.
Object describe(const api::Variable& variable);

struct Written {
    const std::vector<std::string>& keys;
    const std::vector<std::string>& versions;
    std::uint64_t pending_sync = 0;
};
/// One JSON object for each key; for people only a note when the change waits to be sent.
void show_written(Output& out, const Written& written);

} // namespace envmesh::cli
