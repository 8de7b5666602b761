// SPDX-License-Identifier: MIT
#include "cli/config_file.h"

#include "core/base/bytes.h"
#include "core/config/config.h"
#include "platform/files.h"
#include "platform/paths.h"

namespace envmesh::cli {

Result<ConfigFile> find_config() {
    const auto paths = platform::paths();
    if (!paths) return std::unexpected(paths.error());
    for (const auto& candidate : paths->config_candidates)
        if (platform::exists(candidate)) return ConfigFile{candidate, true};
    return ConfigFile{paths->config_candidates.front(), false};
}

Result<std::string> read_config(const ConfigFile& config) {
    if (!config.exists) return std::string();
    std::error_code ignored; // reading tells of it
    if (std::filesystem::exists(config.file, ignored) &&
        !std::filesystem::is_regular_file(config.file, ignored))
        return fail(Code::invalid, config.file.string() + " is not a file that can be replaced.",
                    "Move it away.");
    return config::read(config.file);
}

Result<> write_config(const ConfigFile& config, const std::string& text) {
    if (config.exists) return platform::rewrite_file(config.file, view(text));
    const auto folder = config.file.parent_path();
    if (!platform::exists(folder))
        if (auto made = platform::make_private_folder(folder); !made) return made;
    return platform::replace_file(config.file, view(text));
}

} // namespace envmesh::cli
