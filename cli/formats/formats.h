// SPDX-License-Identifier: MIT
// Files of variables: bytes in, names with values out, and back (cli/formats/README.md). What is
// written, the programs it is for read back exactly; a value that a format cannot carry fails by
// its name, and then nothing is written. Errors tell a line or a name, never what stands there.
#pragma once

#include "core/api/calls.h"

#include <filesystem>
#include <span>

namespace envmesh::cli::formats {

using Entry = api::Export::Item;
using Entries = std::vector<Entry>;

/// What `write` and `read` can be asked for.
std::vector<std::string> written();
std::vector<std::string> readable();
/// By the file's name (".env.local", "prod.env", "a.yml"); nothing when it does not tell.
std::optional<std::string> format_of(const std::filesystem::path& file);

/// In quotes, and cut short: what a file calls a name may be anything.
std::string shown(std::string_view name);

/// `invalid` names the variable that the format cannot carry.
Result<Secret> write(std::string_view format, std::span<const Entry> entries);
/// Each name once, whatever bytes it has; each value within what a variable may be. `origin` is
/// what to call the bytes in messages.
Result<Entries> read(std::string_view format, View bytes, std::string_view origin);

} // namespace envmesh::cli::formats
