// SPDX-License-Identifier: MIT
#include "daemon/home.h"

#include "platform/files.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace envmesh::daemon {
namespace {

// SQLite's side files belong to the database and must not meet a new one.
constexpr std::array with_side_files{"", "-wal", "-shm"};

} // namespace

Result<DataFolder> DataFolder::open(std::filesystem::path folder) {
    if (const auto kind = platform::network_file_system(folder); !kind.empty())
        return fail(Code::denied,
                    folder.string() + " is on a network file system (" + kind +
                        "), where another machine could write to the database at the same time.",
                    "Set ENVMESH_HOME to a folder on a disk of this machine.");
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
    using enum platform::Replacing;
    return platform::replace_file(path(name), contents,
                                  name == node::vault_file ? keeping_previous : durably);
}

// What was moved aside earlier may be all that is left of somebody's variables: never overwritten.
std::filesystem::path DataFolder::free_name(const std::filesystem::path& name) const {
    const std::string wanted = path(name).string() + ".unreadable";
    std::string free = wanted;
    for (int number = 2; std::ranges::any_of(
             with_side_files,
             [&free](const char* suffix) { return platform::exists(free + suffix); });
         ++number)
        free = wanted + "." + std::to_string(number);
    return free;
}

Result<> DataFolder::move_aside(const std::filesystem::path& name) {
    const std::filesystem::path aside = free_name(name);
    for (const char* suffix : with_side_files) {
        std::filesystem::path from = path(name);
        from += suffix;
        if (!platform::exists(from)) continue;
        std::filesystem::path to = aside;
        to += suffix;
        std::error_code ec;
        std::filesystem::rename(from, to, ec);
        if (ec) return fail(Code::storage, "cannot rename " + from.string() + ": " + ec.message());
    }
    return {};
}

std::filesystem::path credential(const std::string& name) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    const auto file = std::filesystem::path(folder == nullptr ? "" : folder) / name;
    return file.is_absolute() && platform::exists(file) ? file : std::filesystem::path();
}

} // namespace envmesh::daemon
