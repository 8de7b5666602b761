// SPDX-License-Identifier: MIT
#include "platform/child.h"

#include "platform/linux/descriptor.h"
#include "platform/linux/vectors.h"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::array passed_on{SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
constexpr std::array from_terminal{SIGINT, SIGQUIT}; // the program gets them as well

volatile std::sig_atomic_t receiver = 0; // process id

void pass_on(int signal) {
    const int saved = errno;
    if (receiver > 0) ::kill(receiver, signal);
    errno = saved;
}

class ForkedChild final : public Child {
  public:
    ForkedChild(pid_t id, std::function<void(int)> ended) : id_(id), ended_(std::move(ended)) {
        receiver = id;
        for (const int signal : passed_on)
            if (std::signal(signal, pass_on) == SIG_IGN) std::signal(signal, SIG_IGN); // nohup
        for (const int signal : from_terminal)
            std::signal(signal, SIG_IGN);
        thread_ = std::thread([this] { wait(); });
    }
    ForkedChild(const ForkedChild&) = delete;
    ForkedChild& operator=(const ForkedChild&) = delete;
    ~ForkedChild() override { thread_.join(); }

    void end(std::chrono::milliseconds patience) override {
        std::unique_lock lock(mutex_);
        wanted_ = true;
        if (!gone_) ::kill(id_, SIGTERM);
        if (!left_.wait_for(lock, patience, [this] { return gone_; })) ::kill(id_, SIGKILL);
        left_.wait(lock, [this] { return gone_; });
    }

  private:
    void wait() {
        siginfo_t about{};
        while (::waitid(P_PID, static_cast<id_t>(id_), &about, WEXITED | WNOWAIT) != 0 &&
               errno == EINTR) {
        }
        const std::scoped_lock lock(mutex_); // until here the id is nobody else's
        receiver = 0;
        int status = 0;
        ::waitpid(id_, &status, 0);
        gone_ = true;
        left_.notify_all();
        constexpr int signalled = 128;
        if (!wanted_)
            ended_(WIFSIGNALED(status) ? signalled + WTERMSIG(status) : WEXITSTATUS(status));
    }

    pid_t id_;
    std::function<void(int)> ended_;
    std::mutex mutex_;
    std::condition_variable left_;
    bool gone_ = false;
    bool wanted_ = false;
    std::thread thread_;
};

// In the new process; ends it.
void begin(Vectors& vectors, int failure) {
    for (const int signal : from_terminal) // the others execve resets
        std::signal(signal, SIG_DFL);
    const int error = execute(vectors);
    static_cast<void>(!::write(failure, &error, sizeof error));
    ::_exit(1);
}

} // namespace

Error become(const Program& program) {
    Vectors vectors(program);
    return cannot_start(program.words.front(), execute(vectors));
}

Result<std::unique_ptr<Child>> Child::start(const Program& program,
                                            std::function<void(int status)> ended) {
    Vectors vectors(program);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return std::unexpected(cannot_start(program.words.front(), errno));
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    const pid_t id = ::fork();
    if (id == 0) begin(vectors, writing.get());
    if (id < 0) return std::unexpected(cannot_start(program.words.front(), errno));
    writing = Descriptor(-1); // what is read ends when the program has begun
    int error = 0;
    if (::read(reading.get(), &error, sizeof error) == sizeof error) {
        ::waitpid(id, nullptr, 0);
        return std::unexpected(cannot_start(program.words.front(), error));
    }
    return std::make_unique<ForkedChild>(id, std::move(ended));
}

} // namespace envmesh::platform
