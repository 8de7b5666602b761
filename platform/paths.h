// SPDX-License-Identifier: MIT
// Where things are (product.md "Data", S10). ENVMESH_HOME puts all of it under one folder.
#pragma once

#include "core/base/error.h"

#include <filesystem>
#include <optional>
#include <vector>

namespace envmesh::platform {

struct Paths {
    std::filesystem::path
        data; // envmesh.db, vault.keys, vault.key, server.pub, server.token, daemon.lock
    std::filesystem::path socket; // daemon.sock; at most 100 bytes (some systems: 104)
    std::vector<std::filesystem::path> config_candidates; // the first that exists is read
    std::filesystem::path log; // where a daemon logs whose standard error nobody keeps
    /// In memory, and gone with the login session; empty where there is no such folder, and under
    /// ENVMESH_HOME, which is not the login's own.
    std::filesystem::path memory;
};

/// `invalid` when no home can be told or the socket path is too long, with the reason.
Result<Paths> paths();
/// The person's home, and where programs keep their settings (XDG_CONFIG_HOME). `invalid` when no
/// home can be told.
struct HomeFolders {
    std::filesystem::path home, settings;
};
Result<HomeFolders> home_folders();
std::string default_device_name(); // the host's name, at most 64 bytes
std::string platform_name();       // "linux", "macos", "windows", "wsl"

} // namespace envmesh::platform
