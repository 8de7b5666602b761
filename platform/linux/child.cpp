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
#include <pthread.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::array passed_on{SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
constexpr std::array from_terminal{SIGINT, SIGQUIT}; // the program gets them as well

volatile std::sig_atomic_t receiver = 0;    // process id
volatile std::sig_atomic_t is_replaced = 0; // from the end of one to the beginning of the next
volatile std::sig_atomic_t meanwhile = 0;   // the signal that came then

void pass_on(int signal) {
    const int saved = errno;
    if (receiver > 0) ::kill(receiver, signal);
    if (is_replaced != 0) meanwhile = signal;
    errno = saved;
}

// Held back while there is a program that could not be told yet.
class SignalsHeld {
  public:
    SignalsHeld() {
        sigset_t held;
        ::sigemptyset(&held);
        for (const int signal : passed_on)
            ::sigaddset(&held, signal);
        ::pthread_sigmask(SIG_BLOCK, &held, &before_);
    }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;
    ~SignalsHeld() { release(); }
    void release() const { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

// Those of `from_terminal` that our own parent has had ignored stay so in the program.
bool was_ignored(int signal) {
    const auto is_ignored = [](int one) {
        struct sigaction now{};
        ::sigaction(one, nullptr, &now);
        return now.sa_handler == SIG_IGN;
    };
    static const std::array before{is_ignored(from_terminal[0]), is_ignored(from_terminal[1])};
    return before[signal == from_terminal[0] ? 0 : 1];
}

// A program that took the terminal for itself, as a shell does, leaves it to nobody.
class TerminalKept {
  public:
    TerminalKept() : is_there_(::tcgetattr(STDIN_FILENO, &modes_) == 0) {}
    void take_back() const {
        if (!is_there_) return;
        std::signal(SIGTTOU, SIG_IGN);
        ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
        ::tcsetattr(STDIN_FILENO, TCSANOW, &modes_);
        std::signal(SIGTTOU, SIG_DFL);
    }

  private:
    termios modes_{};
    bool is_there_;
};

class ForkedChild final : public Child {
  public:
    ForkedChild(pid_t id, std::function<void(int)> ended) : id_(id), ended_(std::move(ended)) {
        receiver = id;
        is_replaced = 0;
        if (meanwhile != 0) ::kill(id, meanwhile); // it came when none was left to be told
        for (const int signal : passed_on)
            if (std::signal(signal, pass_on) == SIG_IGN) std::signal(signal, SIG_IGN); // nohup
        for (const int signal : from_terminal)
            std::signal(signal, SIG_IGN);
        thread_ = std::thread([this] { wait(); });
    }
    ForkedChild(const ForkedChild&) = delete;
    ForkedChild& operator=(const ForkedChild&) = delete;
    ~ForkedChild() override { thread_.join(); }

    int end(std::chrono::milliseconds patience) override {
        is_replaced = 1;
        std::unique_lock lock(mutex_);
        wanted_ = true;
        if (!gone_) ::kill(id_, SIGTERM);
        if (!left_.wait_for(lock, patience, [this] { return gone_; })) ::kill(id_, SIGKILL);
        left_.wait(lock, [this] { return gone_; });
        terminal_.take_back();
        return meanwhile;
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
    TerminalKept terminal_;
    std::thread thread_;
};

// In the new process; ends it.
void begin(Vectors& vectors, int failure, const SignalsHeld& held) {
    for (const int signal : from_terminal) // the others execve resets
        if (!was_ignored(signal)) std::signal(signal, SIG_DFL);
    held.release();
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
    for (const int signal : from_terminal)
        static_cast<void>(was_ignored(signal)); // now, before they are for good
    const SignalsHeld held;
    const pid_t id = ::fork();
    if (id == 0) begin(vectors, writing.get(), held);
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
