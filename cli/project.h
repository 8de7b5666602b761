// SPDX-License-Identifier: MIT
// The project that a person stands in: the nearest .envmesh.toml at or above the working folder.
#pragma once

#include "core/api/variable_calls.h"
#include "core/base/error.h"

#include <filesystem>

namespace envmesh::cli {

struct Project {
    std::filesystem::path file;
    std::string text; // at most 64 KiB
};

/// Nothing where there is none; an error when it is there and cannot be read.
Result<std::optional<Project>> find_project(const std::filesystem::path& folder);

/// These profiles alone, or else the project of the working folder.
Result<api::Scoping> scoping(const std::vector<std::string>& profiles);

} // namespace envmesh::cli
