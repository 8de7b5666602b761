// SPDX-License-Identifier: MIT
// The texts of the service: the files of installers/linux with the path of a program in them, and
// what is read from such files and from systemctl. No system call is made here.
#pragma once

#include "core/base/error.h"

#include <filesystem>
#include <map>
#include <vector>

namespace envmesh::platform {

inline constexpr const char* service_unit = "envmesh.service";
inline constexpr const char* socket_unit = "envmesh.socket";
inline constexpr const char* desktop_entry = "envmesh.desktop";
inline constexpr const char* log_to_file = "--log-to-file"; // of the daemon

// autostart_texts.cpp.in: installers/linux as it was built
extern const std::string_view service_template;
extern const std::string_view socket_template;
extern const std::string_view desktop_template;

/// The whole file, with its mark. `invalid` for quotes, backslashes and control characters in the
/// path: systemd starts no such program, however it is quoted.
Result<std::string> service_text(const std::filesystem::path& program);
std::string socket_text();
/// `invalid` for a path that the Desktop Entry specification cannot carry.
Result<std::string> desktop_text(const std::filesystem::path& program);

enum class Origin {
    none,    // no file
    ours,    // as it was written
    changed, // was ours
    theirs,
};
/// The first line of what we write says so, and has a checksum of the others.
Origin origin_of(std::string_view text);
/// Of the first ExecStart= or Exec=; empty when there is none that can be read.
std::filesystem::path program_of(std::string_view text);

/// `systemctl show` of some units: a map for each, in the order asked for.
using Properties = std::map<std::string, std::string, std::less<>>;
std::vector<Properties> properties_of(std::string_view shown);

} // namespace envmesh::platform
