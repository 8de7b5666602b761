// SPDX-License-Identifier: MIT
// The daemon as a service of the person's login: on Linux a unit of systemd's user manager with
// socket activation, where there is no such manager an entry of XDG autostart. What a person has
// changed by hand is left alone and told.
#pragma once

#include "platform/child.h"

#include <filesystem>
#include <functional>

namespace envmesh::platform {

struct Autostart {
    std::string kind;              ///< "systemd user unit", "XDG autostart"; empty: not installed
    std::string state;             ///< systemd's words ("active (running)"), or a sentence
    std::filesystem::path program; ///< that it starts; empty when that cannot be told
    std::vector<std::filesystem::path> files; ///< that make it up
    int pid = 0;                              ///< of the daemon that it runs; 0: none
    bool is_on = false;                       ///< starts at the next login
    bool is_running = false;                  ///< by this service, not by hand
    bool is_current = true;                   ///< the files are what `install` would write
    bool is_changed = false;                  ///< by a person: `install` would leave them alone
    bool outlives_logout = false;             ///< goes on after the last session (lingering)
};

/// Never asks anybody; within 5 s.
Result<Autostart> autostart();
/// Whether files of it stand in the person's folders. It looks at nothing else and starts nothing.
bool has_autostart();
/// What `install_autostart` would refuse of this program, of the folders and of files that stand
/// there. Nothing is changed.
Result<> check_autostart(const std::filesystem::path& daemon);
/// Writes the files for this program, switches them on and starts it, within a minute. Again:
/// brings them up to date, and starts a daemon anew whose files have changed. Where the system has
/// files of that name for this very program, those are used. `denied` where a person's own file of
/// that name stands, `conflict` with ENVMESH_HOME: the service is that of the person's own folders.
Result<Autostart> install_autostart(const std::filesystem::path& daemon);
struct Uninstalled {
    bool was_installed = false;
    std::vector<std::filesystem::path> removed;
};
/// Stops it, calls `stopped`, and only then switches it off and removes our files; nothing to
/// remove is no error. `denied` when something of it stays, with the reason.
Result<Uninstalled> uninstall_autostart(const std::function<void()>& stopped);
enum class LogEnd { stop, follow };
/// The program that prints the last `lines` of the service's log (and what comes), to become.
Result<Program> log_program(unsigned lines, LogEnd end);

} // namespace envmesh::platform
