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
int spawn(const std::vector<std::string>& words, int output, pid_t& id) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> argv;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const int error = ::posix_spawnp(&id, argv.front(), &actions, nullptr, argv.data(), environ);
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

} // namespace

Result<Secret> output_of(const std::vector<std::string>& words, std::size_t most_bytes,
                         std::chrono::steady_clock::time_point deadline) {
    const std::string& name = words.front();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(cannot_start(name, errno));
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    pid_t id = 0;
    if (const int error = spawn(words, writing.get(), id); error != 0)
        return std::unexpected(cannot_start(name, error));
    Spawned program(id);
    writing = Descriptor();
    auto said = read_until(reading.get(), name, most_bytes, deadline);
    if (said && !program.has_ended_well(deadline)) return fail(Code::internal, name + " failed.");
    return said;
}

} // namespace envmesh::platform
