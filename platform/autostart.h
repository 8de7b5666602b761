// SPDX-License-Identifier: MIT
// The daemon as a service of the person's login: on Linux a unit of systemd's user manager with
// socket activation, where there is no such manager an entry of XDG autostart. What a person has
// changed by hand is left alone and told.
#pragma once

#include "core/base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace envmesh::platform {

struct Autostart {
    std::string kind;  ///< "systemd user unit", "XDG autostart"; empty: not installed
    std::string state; ///< systemd's words ("active (running)"), or a sentence
    std::vector<std::filesystem::path> files; ///< that make it up
    bool is_on = false;      ///< starts at the next login
    bool is_running = false; ///< by this service, not by hand
    bool is_current = true;  ///< the files are what `install` would write
};

/// Never asks anybody; within 5 s.
Result<Autostart> autostart();
/// Writes the files for this program, switches them on and starts it. Again: brings them up to
/// date. `denied` where a person's own file of that name stands.
Result<Autostart> install_autostart(const std::filesystem::path& daemon);
/// Stops it, switches it off, removes our files; nothing to remove is no error.
Result<> uninstall_autostart();
/// The program that prints the last `lines` of the service's log (and follows it), to become.
Result<std::vector<std::string>> log_program(unsigned lines, bool follow);

} // namespace envmesh::platform
