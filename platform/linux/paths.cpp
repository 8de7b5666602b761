// SPDX-License-Identifier: MIT
#include "platform/paths.h"

#include "platform/linux/address.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

using std::filesystem::path;

path variable(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? path() : path(text);
}

// The XDG specification: a relative path is to be ignored.
path absolute_or(const char* name, const path& fallback) {
    const path given = variable(name);
    return given.is_absolute() ? given : fallback;
}

path home() {
    path given = variable("HOME");
    if (given.is_absolute()) return given;
    const passwd* entry = ::getpwuid(::geteuid());
    return entry == nullptr || entry->pw_dir == nullptr ? path() : path(entry->pw_dir);
}

// XDG promises a folder of ours that no one else may enter; where the promise is not kept (su, a
// container), it is not used.
bool is_ours_alone(const path& folder) {
    struct stat info{};
    return folder.is_absolute() && ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == ::geteuid() && (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

Paths under_one_folder(const path& folder) {
    return {folder, folder / "daemon.sock", {folder / "config.toml"}, folder / "daemon.log", {}};
}

path settings_under(const path& home) { return absolute_or("XDG_CONFIG_HOME", home / ".config"); }

Paths spread(const path& home) {
    const path data = absolute_or("XDG_DATA_HOME", home / ".local/share") / "envmesh";
    const path runtime = variable("XDG_RUNTIME_DIR");
    const path memory = is_ours_alone(runtime) ? runtime / "envmesh" : path();
    return {data,
            (memory.empty() ? data : memory) / "daemon.sock",
            {home / ".envmesh/config.toml", settings_under(home) / "envmesh/config.toml",
             "/etc/envmesh/config.toml"},
            absolute_or("XDG_STATE_HOME", home / ".local/state") / "envmesh/daemon.log",
            memory};
}

bool is_windows_subsystem() {
    std::string release;
    std::getline(std::ifstream("/proc/sys/kernel/osrelease"), release);
    return release.find("icrosoft") != std::string::npos;
}

} // namespace

Result<Paths> paths() {
    const path one_folder = variable("ENVMESH_HOME");
    const path person = home();
    if (one_folder.empty() && !person.is_absolute())
        return fail(Code::invalid, "The home folder cannot be told: HOME is not set.",
                    "Set HOME, or ENVMESH_HOME to the folder to use.");
    std::error_code error;
    const path whole = std::filesystem::absolute(one_folder, error);
    if (!one_folder.empty() && error)
        return fail(Code::invalid, "ENVMESH_HOME is relative, and there is no current folder.",
                    "Set ENVMESH_HOME to an absolute path.");
    Paths found = one_folder.empty() ? spread(person) : under_one_folder(whole);
    if (auto address = Address::of(found.socket); !address) return std::unexpected(address.error());
    return found;
}

Result<HomeFolders> home_folders() {
    const path person = home();
    if (!person.is_absolute())
        return fail(Code::invalid, "The home folder cannot be told: HOME is not set.", "Set HOME.");
    return HomeFolders{person, settings_under(person)};
}

std::string default_device_name() {
    std::array<char, 65> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "machine";
    const std::string whole = name.data();
    return whole.substr(0, whole.find('.', 1));
}

std::string platform_name() { return is_windows_subsystem() ? "wsl" : "linux"; }

} // namespace envmesh::platform
