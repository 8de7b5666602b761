// SPDX-License-Identifier: MIT
// This process and its surroundings.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace envmesh::platform {

/// The loader and libraries have read some variables before main (LD_PRELOAD, G_*): where any of
/// these is set, this program is executed again without them, once, as the same process with the
/// same words and descriptors. Returns when there is nothing to leave behind; fails when they are
/// there again, or it cannot be executed. First thing in the daemon's main.
Result<> begin_clean(char** words);
/// No core dumps, no tracing by the same user, and an environment free of what would change our
/// libraries (shell.md §4.4). Next in the daemon's main.
void harden();
/// Whether a key of 32 bytes can be kept out of swap; else it can get there, though never into a
/// core dump.
bool can_lock_memory();
/// The same for a front end, which hands its environment and limits on to what it runs: those stay
/// as they are, and it loads no library that they could change.
void harden_front_end();
/// Tells a service manager that waits for it (systemd's NOTIFY_SOCKET): "READY=1", "STOPPING=1",
/// "STATUS=…".
void notify_service_manager(std::string_view state);
/// What a shell's variables may take together (bytes of NAME=VALUE and one each): half of what a
/// program can be given, the rest is for its arguments.
std::size_t most_environment_bytes();
/// The variables this process was given, as `env -0` prints them: NAME=value and a NUL each.
Secret environment();
/// Name of the process that started us ("bash"), empty when it cannot be told.
std::string parent_process_name();
/// The file of the program that runs; empty when it cannot be told.
std::filesystem::path own_program();
/// The program that a shell would start by that name: the first in PATH; empty when there is none.
std::filesystem::path program_in_path(std::string_view name);
/// The system, its version, the kind of machine and the distribution; nothing that names a machine
/// or a person.
std::string system_description();

} // namespace envmesh::platform
