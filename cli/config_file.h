// SPDX-License-Identifier: MIT
// The configuration that the daemon reads, unless it was begun with --config.
#pragma once

#include "core/base/error.h"

#include <filesystem>

namespace envmesh::cli {

struct ConfigFile {
    std::filesystem::path file; // the first place where one is, else where one would be made
    bool exists = false;
};

Result<ConfigFile> find_config();
/// At most 64 KiB; empty when there is none. `invalid` when it is no file that can be replaced.
Result<std::string> read_config(const ConfigFile& config);
/// Whole or not at all. Links on the way, mode and owner stay; a new one gets 0600 and a folder of
/// 0700.
Result<> write_config(const ConfigFile& config, const std::string& text);

} // namespace envmesh::cli
