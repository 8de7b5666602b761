// SPDX-License-Identifier: MIT
// An entry of XDG autostart, for desktops without systemd: it can start a daemon at login, and
// nothing looks after it then.
#include "platform/linux/autostart_places.h"

#include "platform/files.h"
#include "platform/linux/address.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/vectors.h"
#include "platform/paths.h"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::chrono::milliseconds pause{20};

// Who listens there; 0: nobody of ours.
pid_t listener_of(const std::filesystem::path& socket) {
    const auto address = Address::of(socket);
    const Descriptor ours(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!address || !ours.is_open() || ::connect(ours.get(), address->get(), address->size()) != 0)
        return 0;
    ucred peer{};
    socklen_t size = sizeof peer;
    const bool is_told = ::getsockopt(ours.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    return is_told && peer.uid == ::geteuid() ? peer.pid : 0;
}

// Its words say whether it was started by such an entry.
bool logs_to_file(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/cmdline", std::ios::binary);
    const std::string words(std::istreambuf_iterator<char>(file), {});
    return ('\0' + words).contains('\0' + std::string(log_to_file) + '\0');
}

pid_t running(const std::filesystem::path& socket) {
    const pid_t process = listener_of(socket);
    return process > 0 && logs_to_file(process) ? process : 0;
}

// In a session of its own, with nothing of ours.
Result<pid_t> start_detached(const Program& program) {
    const Vectors vectors(program);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
    ::posix_spawn_file_actions_addchdir_np(&actions, "/");
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    pid_t id = 0;
    const int error = ::posix_spawn(&id, vectors.words.front(), &actions, &attributes,
                                    vectors.words.data(), vectors.environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return std::unexpected(cannot_start(program.words.front(), error));
    return id;
}

Result<> end(pid_t process, Deadline deadline) {
    if (::kill(process, SIGTERM) != 0 && errno != ESRCH)
        return system_failure(errno, "Cannot stop the daemon");
    while (::kill(process, 0) == 0 && logs_to_file(process)) {
        if (std::chrono::steady_clock::now() > deadline)
            return fail(Code::timeout, "The daemon does not end.",
                        "End it: kill -9 " + std::to_string(process));
        std::this_thread::sleep_for(pause);
    }
    return {};
}

} // namespace

Result<DesktopEntry> DesktopEntry::open() {
    const auto home = home_folders();
    if (!home) return std::unexpected(home.error());
    const auto where = paths();
    if (!where) return std::unexpected(where.error());
    auto entry = look_at(home->settings / "autostart" / desktop_entry);
    if (!entry) return std::unexpected(entry.error());
    DesktopEntry opened;
    opened.socket_ = where->socket;
    opened.log_ = where->log;
    opened.entry_ = std::move(*entry);
    return opened;
}

Autostart DesktopEntry::state() const {
    Autostart now;
    if (entry_.origin == Origin::none) return now;
    now.kind = "XDG autostart";
    now.files = {entry_.file};
    now.program = program_of(entry_.text);
    now.pid = running(socket_);
    now.is_on = true;
    now.is_running = now.pid != 0;
    now.is_changed = entry_.origin != Origin::ours;
    const auto wanted = desktop_text(now.program);
    now.is_current = !now.is_changed && wanted && *wanted == entry_.text;
    now.outlives_logout = true; // nobody ends it
    now.state = now.is_running ? "running" : "not running; the next login to a desktop starts it";
    return now;
}

Result<> DesktopEntry::check(const std::filesystem::path& daemon) const {
    const auto text = desktop_text(daemon);
    return text ? platform::check(entry_) : Result<>(std::unexpected(text.error()));
}

Result<> DesktopEntry::install(const std::filesystem::path& daemon, Deadline deadline) const {
    const auto text = desktop_text(daemon);
    if (!text) return std::unexpected(text.error());
    const auto written = place(entry_, *text);
    if (!written) return std::unexpected(written.error());
    const pid_t old = running(socket_);
    if (old != 0 && !*written) return {};
    if (old != 0)
        if (auto ended = end(old, deadline); !ended) return ended;
    const auto started = start_detached({{daemon.string(), log_to_file}, plain_environment()});
    if (!started) return std::unexpected(started.error());
    while (running(socket_) != *started) {
        const bool has_ended = ::waitpid(*started, nullptr, WNOHANG) == *started;
        if (has_ended || std::chrono::steady_clock::now() > deadline)
            return fail(Code::internal, "The daemon does not start.",
                        "Look at: envmesh-cli daemon logs");
        std::this_thread::sleep_for(pause);
    }
    return {};
}

Result<> DesktopEntry::stop(Deadline deadline) const {
    if (entry_.origin == Origin::none || entry_.origin == Origin::theirs) return {};
    const pid_t process = running(socket_);
    return process != 0 ? end(process, deadline) : Result<>();
}

Result<Uninstalled> DesktopEntry::remove() const {
    if (entry_.origin == Origin::none) return Uninstalled{};
    if (entry_.origin == Origin::theirs)
        return fail(Code::denied, entry_.file.string() + " is not of envmesh-cli.",
                    "Remove it yourself: rm " + entry_.file.string());
    Uninstalled gone{true, {}};
    for (const char* suffix : {"", ".1"})
        if (const std::string log = log_.string() + suffix; ::unlink(log.c_str()) == 0)
            gone.removed.emplace_back(log);
    ::rmdir(log_.parent_path().c_str());
    auto taken = take_away({entry_});
    if (!taken) return std::unexpected(taken.error());
    gone.removed.insert(gone.removed.begin(), taken->begin(), taken->end());
    return gone;
}

} // namespace envmesh::platform
