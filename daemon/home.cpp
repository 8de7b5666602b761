// SPDX-License-Identifier: MIT
#include "daemon/home.h"

#include "platform/files.h"

namespace envmesh::daemon {

Result<DataFolder> DataFolder::open(std::filesystem::path folder) {
    if (auto made = platform::make_private_folder(folder); !made)
        return std::unexpected(made.error());
    return DataFolder(std::move(folder));
}

std::filesystem::path DataFolder::path(const std::filesystem::path& name) const {
    return folder_ / name; // an absolute name (a configured key file) stays as it is
}

Result<std::optional<Secret>> DataFolder::read(const std::filesystem::path& name,
                                               std::size_t most_bytes) {
    auto contents = platform::read_file(path(name), most_bytes);
    if (contents) return std::optional(std::move(*contents));
    if (contents.error().code == Code::not_found) return std::optional<Secret>();
    return std::unexpected(contents.error());
}

Result<> DataFolder::write(const std::filesystem::path& name, View contents) {
    const bool keep_previous = name == node::vault_file;
    return platform::replace_file(path(name), contents, keep_previous);
}

Result<> DataFolder::move_aside(const std::filesystem::path& name) {
    // SQLite's side files belong to the database and must not meet the new one.
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::path from = path(name);
        from += suffix;
        if (!platform::exists(from)) continue;
        std::filesystem::path to = path(name);
        to += std::string(".unreadable") + suffix;
        std::error_code ec;
        std::filesystem::rename(from, to, ec);
        if (ec) return fail(Code::storage, "cannot rename " + from.string() + ": " + ec.message());
    }
    return {};
}

} // namespace envmesh::daemon
