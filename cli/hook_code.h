// SPDX-License-Identifier: MIT
// The code that keeps a running shell in step (cli/README.md, "The hook"). At each prompt it reads,
// without starting a process, the generation file that the daemon writes and the nearest
// .envmesh.toml, and asks `export --hook` when they differ from what they were; three times at most
// for the same, since the daemon may be locked or hang. No generation file: nothing happens.
#pragma once

#include "cli/shell.h"

#include <filesystem>

namespace envmesh::cli {

/// Empty when there is no hook for the shell.
std::string hook_code(const Shell& shell, const std::filesystem::path& generation);

} // namespace envmesh::cli
