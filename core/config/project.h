// SPDX-License-Identifier: MIT
// .envmesh.toml, which a project's folder may hold: which profile counts inside of it, and which
// variables it needs. Never values.
#pragma once

#include "core/base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace envmesh::config {

struct Project {
    static constexpr std::size_t most_bytes = 64 * 1024;
    static constexpr std::size_t most_required = 1000;

    std::string profile;               // empty: none
    std::vector<std::string> required; // names of variables
    bool operator==(const Project&) const = default;
};

/// `invalid` names file, line and key. `origin` is what to call the text in messages.
Result<Project> parse_project(std::string_view toml, std::string_view origin);

} // namespace envmesh::config
