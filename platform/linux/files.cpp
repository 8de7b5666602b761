// SPDX-License-Identifier: MIT
#include "platform/files.h"

#include "platform/linux/descriptor.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr mode_t private_file = 0600;
constexpr mode_t private_folder = 0700;
constexpr mode_t all_modes = 07777;

std::string named(std::string_view what, const std::filesystem::path& path) {
    return std::string(what) + " " + path.string();
}

// What a person can do about it, as far as the error tells.
std::string fix_for(int error, const std::filesystem::path& path) {
    switch (error) {
    case ENOENT:
    case ENOTDIR: return "Look at the path: a part of it is not there, or is no folder.";
    case EISDIR: return "Name a file, not a folder.";
    case ELOOP: return "Its links lead in a circle: take one of them away.";
    case EROFS: return "Nothing can be written there: choose another place.";
    case ENOSPC:
    case EDQUOT: return "Make room there.";
    default: return "Look at who owns it and who may use it: ls -ld " + path.string();
    }
}

std::unexpected<Error> failure(int error, std::string_view what,
                               const std::filesystem::path& path) {
    return system_failure(error, named(what, path), fix_for(error, path));
}

// Grows by doubling, so that a pipe needs no more memory than it fills. No byte is left behind in
// what was outgrown: Secret wipes itself.
Result<Secret> read_all(int file, const std::string& name, std::size_t most_bytes) {
    Secret bytes(std::min<std::size_t>(most_bytes + 1, 4096));
    std::size_t filled = 0;
    for (;;) {
        const auto room = bytes.writable().subspan(filled);
        const ssize_t count = ::read(file, room.data(), room.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            return system_failure(errno, name + " cannot be read",
                                  errno == EISDIR ? "Name a file, not a folder." : "");
        if (count == 0) return Secret(bytes.reveal().first(filled));
        filled += static_cast<std::size_t>(count);
        if (filled > most_bytes)
            return fail(Code::invalid,
                        name + " is larger than the " + std::to_string(most_bytes) +
                            " bytes it may have.",
                        "Make it smaller, or name another.");
        if (filled < bytes.size()) continue;
        Secret larger(std::min(most_bytes + 1, bytes.size() * 2));
        std::ranges::copy(bytes.reveal(), larger.writable().begin());
        bytes = std::move(larger);
    }
}

// The error of the first call that failed, or 0.
int write_all(int file, View bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) return errno;
        if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return 0;
}

// A rename is on disk when its folder is.
int sync_folder(const std::filesystem::path& folder) {
    const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // A file system that cannot do it says EINVAL; there is nothing more to do then.
    return open.is_open() && (::fsync(open.get()) == 0 || errno == EINVAL) ? 0 : errno;
}

int keep_as_previous(const std::filesystem::path& file) {
    const std::filesystem::path previous = file.string() + ".bak";
    if (::unlink(previous.c_str()) != 0 && errno != ENOENT) return errno;
    return ::link(file.c_str(), previous.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

Result<> create_folders(const std::filesystem::path& folder) {
    if (folder.empty() || ::mkdir(folder.c_str(), private_folder) == 0 || errno == EEXIST)
        return {};
    if (errno != ENOENT) return system_failure(errno, named("Cannot create the folder", folder));
    if (auto parent = create_folders(folder.parent_path()); !parent) return parent;
    if (::mkdir(folder.c_str(), private_folder) == 0 || errno == EEXIST) return {};
    return system_failure(errno, named("Cannot create the folder", folder));
}

struct Manner {
    Replacing how = Replacing::durably;
    mode_t mode = private_file;
    const struct stat* owner = nullptr; // null: whoever we are
};

int take_on(int file, const Manner& manner) {
    const auto* owner = manner.owner;
    const bool is_other =
        owner != nullptr && (owner->st_uid != ::geteuid() || owner->st_gid != ::getegid());
    if (is_other && ::fchown(file, owner->st_uid, owner->st_gid) != 0) return errno;
    return ::fchmod(file, manner.mode) == 0 ? 0 : errno;
}

// It is written beside itself, so its folder is what counts.
std::unexpected<Error> unwritten(int error, const std::filesystem::path& file) {
    return system_failure(error, named("Cannot write the file", file),
                          fix_for(error, folder_of(file)));
}

Result<> replace(const std::filesystem::path& file, View contents, const Manner& manner) {
    std::string beside = file.string() + ".XXXXXX";
    const Descriptor open(::mkostemp(beside.data(), O_CLOEXEC));
    if (!open.is_open()) return unwritten(errno, file);
    int error = take_on(open.get(), manner);
    if (error == 0) error = write_all(open.get(), contents);
    const bool durable = manner.how != Replacing::fleetingly;
    if (error == 0 && durable && ::fsync(open.get()) != 0) error = errno;
    if (error == 0 && manner.how == Replacing::keeping_previous) error = keep_as_previous(file);
    if (error == 0 && ::rename(beside.c_str(), file.c_str()) != 0) error = errno;
    if (error != 0) {
        ::unlink(beside.c_str());
        return unwritten(error, file);
    }
    if (durable) error = sync_folder(folder_of(file));
    if (error != 0) return unwritten(error, file);
    return {};
}

std::unexpected<Error> no_regular_file(const std::filesystem::path& file) {
    return fail(Code::invalid, named("This is no regular file:", file) + ".",
                "Move it away, or name another.");
}

// The mask can only be read by setting it; a front end has one thread.
mode_t mode_of_new_files() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

class FlockedFile final : public InstanceLock {
  public:
    explicit FlockedFile(Descriptor file) : file_(std::move(file)) {}

  private:
    Descriptor file_;
};

} // namespace

void restrict_umask() { ::umask(S_IRWXG | S_IRWXO); }

Result<> make_private_folder(const std::filesystem::path& folder) {
    const auto path = folder.has_filename() ? folder : folder.parent_path(); // "a/b/" is "a/b"
    if (auto created = create_folders(path); !created) return created;
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0)
        return system_failure(errno, named("Cannot look at the folder", path));
    if (!S_ISDIR(info.st_mode))
        return fail(Code::denied, path.string() + " is in the way: it is not a folder.",
                    "Move it away.");
    if (info.st_uid != ::geteuid())
        return fail(Code::denied, named("Another user owns the folder", path) + ".",
                    "Run as that user, or set ENVMESH_HOME to a folder of your own.");
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(Code::denied, named("Others may write to the folder", path) + ".",
                    "chmod 700 " + path.string());
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0 && ::chmod(path.c_str(), private_folder) != 0)
        return system_failure(errno, named("Cannot make private the folder", path));
    return {};
}

Result<Secret> read_file(const std::filesystem::path& file, std::size_t most_bytes) {
    const Descriptor open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!open.is_open()) return failure(errno, "Cannot open the file", file);
    return read_all(open.get(), named("The file", file), most_bytes);
}

Result<Secret> read_regular_file(const std::filesystem::path& file, std::size_t most_bytes) {
    const Descriptor open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    // A socket cannot even be opened, nor a device without a driver.
    if (!open.is_open() && errno == ENXIO) return no_regular_file(file);
    if (!open.is_open()) return failure(errno, "Cannot open the file", file);
    struct stat about{};
    if (::fstat(open.get(), &about) != 0 || !S_ISREG(about.st_mode)) return no_regular_file(file);
    return read_all(open.get(), named("The file", file), most_bytes);
}

Result<Secret> read_standard_input(std::size_t most_bytes) {
    return read_all(STDIN_FILENO, "Standard input", most_bytes);
}

Result<> replace_file(const std::filesystem::path& file, View contents, Replacing how) {
    return replace(file, contents, {.how = how});
}

Result<std::filesystem::path> target_of(std::filesystem::path file) {
    constexpr int most_links = 40; // as the kernel
    std::error_code error;
    for (int i = 0; i < most_links && std::filesystem::is_symlink(file, error); ++i) {
        const auto next = std::filesystem::read_symlink(file, error);
        if (error) return failure(error.value(), "Cannot read the link", file);
        file = file.parent_path() / next; // an absolute one replaces all of it
    }
    return file;
}

Result<> rewrite_file(const std::filesystem::path& file, View contents) {
    const auto target = target_of(file);
    if (!target) return std::unexpected(target.error());
    std::error_code error;
    std::filesystem::create_directories(target->parent_path(), error);
    if (error) return failure(error.value(), "Cannot create a folder for", *target);
    struct stat about{};
    const bool is_there = ::stat(target->c_str(), &about) == 0;
    if (!is_there && errno != ENOENT) return failure(errno, "Cannot look at the file", *target);
    if (!is_there) return replace(*target, contents, {.mode = mode_of_new_files()});
    if (!S_ISREG(about.st_mode)) return no_regular_file(file); // a rename would take a device away
    return replace(*target, contents, {.mode = about.st_mode & all_modes, .owner = &about});
}

// A link that leads nowhere, or a folder that may not be searched, is for whoever opens it to tell.
bool exists(const std::filesystem::path& file) {
    struct stat about{};
    return ::lstat(file.c_str(), &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

std::optional<Access> access_of(const std::filesystem::path& file) {
    struct stat about{};
    if (::stat(file.c_str(), &about) != 0) return std::nullopt;
    return Access{about.st_uid == ::geteuid(), (about.st_mode & (S_IRWXG | S_IRWXO)) != 0,
                  (about.st_mode & (S_IWGRP | S_IWOTH)) != 0};
}

Result<std::unique_ptr<InstanceLock>> InstanceLock::take(const std::filesystem::path& file) {
    Descriptor open(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file));
    if (!open.is_open()) return system_failure(errno, named("Cannot open the lock", file));
    if (::flock(open.get(), LOCK_EX | LOCK_NB) == 0)
        return std::make_unique<FlockedFile>(std::move(open));
    if (errno != EWOULDBLOCK) return system_failure(errno, named("Cannot take the lock", file));
    return fail(Code::conflict,
                named("Another envmesh-daemon is running: it holds the lock", file) + ".",
                "Use it, or stop it with: envmesh-cli shutdown");
}

std::uint64_t physical_memory() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page = ::sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
               : 0;
}

} // namespace envmesh::platform
