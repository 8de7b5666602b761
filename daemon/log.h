// SPDX-License-Identifier: MIT
// What the daemon logs, and where when nobody keeps its standard error.
#pragma once

#include "core/base/error.h"
#include "core/base/log.h"

#include <filesystem>

namespace envmesh::daemon {

/// Lines as they would be on standard error, into a file that stays small.
Result<LogSink> log_into(const std::filesystem::path& file);
/// As `log.level` of the configuration names it.
void set_log_level(const LogSink& sink, std::string_view level);
/// Where keys cannot be kept out of swap.
void warn_of_swap();

} // namespace envmesh::daemon
