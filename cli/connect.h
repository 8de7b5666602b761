// SPDX-License-Identifier: MIT
// From the platform's local stream to a Client.
#pragma once

#include "core/ipc/client.h"

#include <filesystem>

namespace envmesh::cli {

/// `socket` empty: where the platform says. `unreachable` (exit 4) when no daemon serves there;
/// never starts one (S11).
Result<ipc::Client> connect(const std::filesystem::path& socket, ipc::Deadline deadline);

} // namespace envmesh::cli
