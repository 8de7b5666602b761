// SPDX-License-Identifier: MIT
#include "cli/project.h"

#include "core/base/bytes.h"
#include "platform/files.h"

namespace envmesh::cli {
namespace {

constexpr auto project_file = ".envmesh.toml";
constexpr std::size_t most_bytes = 64 * 1024;

// As the hook looks for it. A pipe of that name, which anyone can leave in a shared folder, would
// hold up whoever reads it.
std::optional<std::filesystem::path> nearest(const std::filesystem::path& folder) {
    std::error_code error;
    for (std::filesystem::path at = folder;; at = at.parent_path()) {
        if (std::filesystem::is_regular_file(at / project_file, error)) return at / project_file;
        if (!at.has_relative_path()) return std::nullopt;
    }
}

Result<std::string> read(const std::filesystem::path& file) {
    const auto text = platform::read_regular_file(file, most_bytes);
    if (!text) return std::unexpected(text.error());
    return std::string(text->reveal_text());
}

// Another path that is not could look the same to the daemon, and would be trusted with it.
bool can_be_told_apart(const std::filesystem::path& file) { return is_utf8(view(file.string())); }

} // namespace

Result<std::optional<Project>> find_project(const std::filesystem::path& folder) {
    const auto file = nearest(folder);
    if (!file) return std::nullopt;
    if (!can_be_told_apart(*file))
        return fail(Code::invalid, "The path of this project is not UTF-8.", "Rename its folder.");
    auto text = read(*file);
    if (!text) return std::unexpected(text.error());
    return Project{*file, std::move(*text)};
}

Result<api::Scoping> scoping(const std::vector<std::string>& profiles) {
    if (!profiles.empty()) return api::Scoping{profiles, {}, {}};
    std::error_code error;
    const auto here = std::filesystem::current_path(error);
    if (error) return api::Scoping{}; // it was deleted
    const auto file = nearest(here);
    if (!file || !can_be_told_apart(*file)) return api::Scoping{};
    // What cannot be read is not what was trusted; it takes nothing away from who stands there.
    return api::Scoping{{}, file->string(), read(*file).value_or("")};
}

} // namespace envmesh::cli
