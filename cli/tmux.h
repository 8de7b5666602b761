// SPDX-License-Identifier: MIT
// What a tmux server hands to the shells that it starts, so that an export can change that and take
// it back. It is the server that `tmux` without options speaks to: that of TMUX, or the usual one.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <chrono>
#include <map>
#include <string>

namespace envmesh::cli {

using TmuxEnvironment = std::map<std::string, Secret, std::less<>>;

/// From what `show-environment -s` writes: `NAME="…"; export NAME;` and `unset NAME;`. It ends
/// where something else is written.
TmuxEnvironment tmux_environment_from(std::string_view text);

/// Empty when there is no server; `timeout` when it does not answer.
Result<TmuxEnvironment> tmux_environment(std::chrono::steady_clock::time_point deadline);

} // namespace envmesh::cli
