// SPDX-License-Identifier: MIT
// Files that hold secrets or state: created 0600 in folders of 0700, replaced whole or not at all.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

namespace envmesh::platform {

/// Nothing this process creates is readable by others.
void restrict_umask();
/// Creates the folder and its parents, 0700 where new; one that exists is made 0700. `denied` when
/// it belongs to another user or is writable by others.
Result<> make_private_folder(const std::filesystem::path& folder);
/// At most `most_bytes`; `not_found`, `invalid` (too large), `storage`.
Result<Secret> read_file(const std::filesystem::path& file, std::size_t most_bytes);
/// As read_file; `invalid` for all that is no regular file, and waits for nothing: a pipe that a
/// stranger has left there would hold up whoever opens it.
Result<Secret> read_regular_file(const std::filesystem::path& file, std::size_t most_bytes);
/// As read_file, from standard input, to its end.
Result<Secret> read_standard_input(std::size_t most_bytes);
enum class Replacing {
    durably,          // fsync, rename, fsync of the folder
    keeping_previous, // and the old one stays as `.bak`
    fleetingly,       // no fsync: for what is written anew after a crash
};
/// Writes beside it, then renames. 0600.
Result<> replace_file(const std::filesystem::path& file, View contents,
                      Replacing how = Replacing::durably);
/// The same for a file that a person owns, such as a shell's start-up file: links on the way, mode
/// and owner stay. A new one gets the mode that other programs would give it, and its folders.
/// `invalid`, and nothing is changed, where the links lead to a device, a pipe or a folder.
Result<> rewrite_file(const std::filesystem::path& file, View contents);
/// Where the links lead, also when nothing is there yet.
Result<std::filesystem::path> target_of(std::filesystem::path file);
bool exists(const std::filesystem::path& file);
/// The kind of network file system that this path is on, or would be: "nfs", "fuse.sshfs"; empty
/// for none. Locks of other machines do not hold there, and the database would be damaged.
std::string network_file_system(const std::filesystem::path& path);
/// Who can get at a file or folder (what a link leads to); nothing when it cannot be looked at.
struct Access {
    bool is_own = false;        // this user's
    bool is_open = false;       // others may do anything at all with it
    bool is_changeable = false; // others may write to it
};
std::optional<Access> access_of(const std::filesystem::path& file);

/// Held by the one daemon that owns a data folder; released by the system when the process ends,
/// however it ends.
class InstanceLock {
  public:
    virtual ~InstanceLock() = default;
    /// `conflict` when another process holds it.
    static Result<std::unique_ptr<InstanceLock>> take(const std::filesystem::path& file);
};

/// Physical memory in bytes.
std::uint64_t physical_memory();

} // namespace envmesh::platform
