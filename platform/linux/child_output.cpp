// SPDX-License-Identifier: MIT
#include "platform/child.h"

#include "platform/linux/descriptor.h"
#include "platform/linux/vectors.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

// Ended, and waited for, whatever happens.
class Spawned {
  public:
    explicit Spawned(pid_t id) : id_(id) {}
    Spawned(const Spawned&) = delete;
    Spawned& operator=(const Spawned&) = delete;
    ~Spawned() {
        if (id_ <= 0) return;
        ::kill(id_, SIGKILL);
        while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    [[nodiscard]] bool has_ended_well(Deadline deadline) {
        int status = 0;
        while (::waitpid(id_, &status, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        id_ = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

  private:
    pid_t id_;
};

// Returns errno, or 0.
int spawn(char* const* words, char* const* environment, int output, pid_t& id) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int error = ::posix_spawnp(&id, *words, &actions, nullptr, words, environment);
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

Result<Secret> read_until(int from, const std::string& name, std::size_t most_bytes,
                          Deadline deadline) {
    Secret bytes(most_bytes + 1);
    std::size_t filled = 0;
    while (filled <= most_bytes) {
        if (!wait_for(from, POLLIN, deadline))
            return fail(Code::timeout, name + " did not answer in time.");
        const auto room = bytes.writable().subspan(filled);
        const ssize_t count = ::read(from, room.data(), room.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(errno, name + " cannot be heard");
        if (count == 0) return Secret(bytes.reveal().first(filled));
        filled += static_cast<std::size_t>(count);
    }
    return fail(Code::invalid, name + " says more than can be taken.");
}

Result<Secret> output_of(const std::string& name, char* const* words, char* const* environment,
                         std::size_t most_bytes, Deadline deadline) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(cannot_start(name, errno));
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    pid_t id = 0;
    if (const int error = spawn(words, environment, writing.get(), id); error != 0)
        return std::unexpected(cannot_start(name, error));
    Spawned program(id);
    writing = Descriptor();
    auto said = read_until(reading.get(), name, most_bytes, deadline);
    if (said && !program.has_ended_well(deadline)) return fail(Code::internal, name + " failed.");
    return said;
}

bool is_plain(std::string_view name) {
    constexpr std::array names{"PATH", "HOME", "USER",    "LOGNAME", "LANG",
                               "TZ",   "TERM", "COLUMNS", "LINES",   "DBUS_SESSION_BUS_ADDRESS"};
    return name.starts_with("XDG_") || name.starts_with("LC_") ||
           std::ranges::find(names, name) != names.end();
}

} // namespace

Result<Secret> output_of(const std::vector<std::string>& words, std::size_t most_bytes,
                         std::chrono::steady_clock::time_point deadline) {
    const Program program{words, {}};
    const Vectors vectors(program);
    return output_of(words.front(), vectors.words.data(), environ, most_bytes, deadline);
}

Result<Secret> output_of(const Program& program, std::size_t most_bytes,
                         std::chrono::steady_clock::time_point deadline) {
    const Vectors vectors(program);
    return output_of(program.words.front(), vectors.words.data(), vectors.environment.data(),
                     most_bytes, deadline);
}

std::vector<Secret> plain_environment() {
    std::vector<Secret> out;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view assignment(*each);
        if (is_plain(assignment.substr(0, assignment.find('=')))) out.emplace_back(assignment);
    }
    return out;
}

} // namespace envmesh::platform
