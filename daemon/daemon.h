// SPDX-License-Identifier: MIT
// Joins a node, its local socket and the platform, and runs them on one thread until a signal or
// `shutdown`.
#pragma once

#include "core/base/log.h"
#include "core/config/config.h"
#include "platform/paths.h"

#include <functional>

namespace envmesh::daemon {

/// Called at the start, and again on SIGHUP and `config reload`.
using ReadConfig = std::function<Result<config::Config>()>;

/// Until it is told to stop; logs into `sink`. `conflict` when another daemon owns the data folder.
Result<> run(const ReadConfig& read_config, const platform::Paths& paths, const LogSink& sink);
/// Undoes what a daemon that was killed has left in the session's environment. A daemon that
/// answers is in charge of that: nothing is done. Fails, with the cause, when something of it
/// stays.
Result<> take_back(const platform::Paths& paths);
/// The fingerprint that `--server-key` takes; makes the server's identity where there is none.
/// Works beside a running daemon too: what that one is about to make is waited for, some seconds.
/// `conflict` when it makes none.
Result<std::string> server_key(const config::Config& config, const platform::Paths& paths);
/// What whoever makes a mesh on this server must bring; made, waited for and refused likewise.
Result<std::string> join_token(const config::Config& config, const platform::Paths& paths);

} // namespace envmesh::daemon
