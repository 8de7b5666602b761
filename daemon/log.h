// SPDX-License-Identifier: MIT
// Where a daemon logs whose standard error nobody keeps.
#pragma once

#include "core/base/error.h"
#include "core/base/log.h"

#include <filesystem>

namespace envmesh::daemon {

/// Lines as they would be on standard error, into a file that stays small.
Result<LogSink> log_into(const std::filesystem::path& file);

} // namespace envmesh::daemon
