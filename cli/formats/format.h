// SPDX-License-Identifier: MIT
// What each format is made of, for the table in formats.cpp. A writer appends to `out`; it is given
// names that a shell takes, values without NUL, and UTF-8 alone where the table says text. A reader
// of text is given UTF-8 without a byte order mark.
#pragma once

#include "cli/formats/formats.h"

namespace envmesh::cli::formats {

using Writer = Result<>(std::string& out, std::span<const Entry> entries);
using Reader = Result<Entries>(std::string_view text, std::string_view origin);

Writer write_csv, write_docker, write_dotenv, write_github, write_github_mask, write_gitlab;
Writer write_json, write_kubernetes, write_nul, write_systemd, write_toml, write_yaml;
Reader read_dotenv, read_json, read_nul, read_toml, read_yaml;

/// `what` completes "The value of K …".
std::unexpected<Error> cannot_carry(const Entry& entry, std::string_view what);
/// `what` completes "The value of K in FILE …", for what is there and cannot be a variable.
std::unexpected<Error> cannot_take(std::string_view origin, std::string_view key,
                                   std::string_view what);
/// `what` is a sentence.
std::unexpected<Error> malformed(std::string_view origin, std::size_t line, std::string_view what);
/// The number of the line that holds this byte, from 1.
std::size_t line_at(std::string_view text, std::size_t offset);

} // namespace envmesh::cli::formats
