// SPDX-License-Identifier: MIT
#include "cli/project.h"

#include "platform/files.h"

namespace envmesh::cli {
namespace {

constexpr auto project_file = ".envmesh.toml";
constexpr std::size_t most_bytes = 64 * 1024;

} // namespace

Result<std::optional<Project>> find_project(const std::filesystem::path& folder) {
    for (std::filesystem::path at = folder;; at = at.parent_path()) {
        auto text = platform::read_file(at / project_file, most_bytes);
        if (text) return Project{at / project_file, std::string(text->reveal_text())};
        if (text.error().code != Code::not_found) return std::unexpected(text.error());
        if (!at.has_relative_path()) return std::nullopt;
    }
}

Result<api::Scoping> scoping(const std::vector<std::string>& profiles) {
    if (!profiles.empty()) return api::Scoping{profiles, {}, {}};
    std::error_code error;
    const auto here = std::filesystem::current_path(error);
    if (error) return api::Scoping{}; // it was deleted
    auto project = find_project(here);
    if (!project) return std::unexpected(project.error());
    if (!*project) return api::Scoping{};
    return api::Scoping{{}, (*project)->file.string(), std::move((*project)->text)};
}

} // namespace envmesh::cli
