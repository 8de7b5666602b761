// SPDX-License-Identifier: MIT
// What a person or a script hands over: passwords, codes, yes or no. Never through argv.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <chrono>
#include <filesystem>

namespace envmesh::cli {

enum class Ask { never, once, twice };

/// The whole file ("-" is standard input), less one line end (S23). `invalid` when empty.
Result<Secret> password_from(const std::filesystem::path& file);
/// From the file when one is given, else from the terminal, hidden; `usage` with `Ask::never`.
Result<Secret> password(const std::filesystem::path& file, Ask ask);

/// One line of standard input without its end; the rest stays to be read. `invalid` at its end, or
/// when longer than 4 KiB.
Result<Secret> read_line();
/// Asks at the terminal until the answer is yes or no.
Result<bool> confirm(const std::string& question);

/// "250ms", "10s", "5m", "1h", or a number of seconds; `usage` for anything else or above a day.
Result<std::chrono::milliseconds> parse_duration(std::string_view option, std::string_view text);

} // namespace envmesh::cli
