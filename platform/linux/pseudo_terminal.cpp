// SPDX-License-Identifier: MIT
#include "platform/pseudo_terminal.h"

#include "platform/linux/descriptor.h"
#include "platform/linux/vectors.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr winsize screen{.ws_row = 50, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
constexpr std::size_t read_at_once = 4096;

// The fields of /proc/ID/stat behind the name, which may have spaces and brackets in it: state,
// parent, group, session.
pid_t session_of(const std::filesystem::path& process) {
    std::string line;
    std::getline(std::ifstream(process / "stat"), line);
    const auto name_ends = line.rfind(')');
    if (name_ends == std::string::npos) return 0;
    std::string_view rest(line);
    rest.remove_prefix(name_ends + 1);
    constexpr int fields_before = 4;
    for (int i = 0; i < fields_before; ++i) {
        const auto space = rest.find(' ');
        if (space == std::string_view::npos) return 0;
        rest.remove_prefix(space + 1);
    }
    pid_t session = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), session);
    return session;
}

// A shell gives each job a group of its own; the session holds them all. True when there were any
// besides its leader.
bool end_session(pid_t leader) {
    bool any = false;
    std::error_code error;
    const auto end = std::filesystem::directory_iterator();
    for (auto one = std::filesystem::directory_iterator("/proc", error); !error && one != end;
         one.increment(error)) {
        const std::string name = one->path().filename().string();
        pid_t id = 0;
        std::from_chars(name.data(), name.data() + name.size(), id);
        if (id <= 0 || id == leader || session_of(one->path()) != leader) continue;
        if (::kill(id, SIGKILL) == 0) any = true;
    }
    return any;
}

class ForkedTerminal final : public PseudoTerminal {
  public:
    ForkedTerminal(pid_t id, Descriptor terminal) : id_(id), terminal_(std::move(terminal)) {}
    ForkedTerminal(const ForkedTerminal&) = delete;
    ForkedTerminal& operator=(const ForkedTerminal&) = delete;
    // The leader first, so that it starts nothing more, and waited for last: until then its id, and
    // so the session's, is nobody else's.
    ~ForkedTerminal() override {
        ::kill(id_, SIGKILL);
        constexpr int attempts = 50; // what dies stays in the list for a moment
        for (int i = 0; i < attempts && end_session(id_); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        ::waitpid(id_, nullptr, 0);
    }

    Result<std::string> read(Deadline deadline) override {
        if (!wait_for(terminal_.get(), POLLIN, deadline)) return std::string();
        std::string shown(read_at_once, '\0');
        const ssize_t count = ::read(terminal_.get(), shown.data(), shown.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) return std::string();
        if (count <= 0) return fail(Code::unreachable, "The program has left its terminal.");
        shown.resize(static_cast<std::size_t>(count));
        return shown;
    }

    void type(std::string_view keys, Deadline deadline) override {
        while (!keys.empty()) {
            const ssize_t count = ::write(terminal_.get(), keys.data(), keys.size());
            if (count > 0) keys.remove_prefix(static_cast<std::size_t>(count));
            if (count < 0 && errno != EAGAIN && errno != EINTR) return;
            if (count < 0 && !wait_for(terminal_.get(), POLLOUT, deadline)) return;
        }
    }

    [[nodiscard]] bool awaits_keys() const override {
        termios state{};
        return ::tcgetattr(terminal_.get(), &state) == 0 && (state.c_lflag & ICANON) == 0 &&
               ::tcgetpgrp(terminal_.get()) == ::getpgid(id_);
    }

  private:
    pid_t id_;
    Descriptor terminal_;
};

// In the new process; ends it. It ends with us, however we end.
void begin(Vectors& vectors, int failure, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    constexpr int signals = 32;
    for (int signal = 1; signal < signals; ++signal)
        ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    const int error = execute(vectors);
    static_cast<void>(!::write(failure, &error, sizeof error));
    ::_exit(1);
}

} // namespace

Result<std::unique_ptr<PseudoTerminal>> PseudoTerminal::start(const Program& program) {
    Vectors vectors(program);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return std::unexpected(cannot_start(program.words.front(), errno));
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    int terminal = -1;
    const pid_t parent = ::getpid();
    const pid_t id = ::forkpty(&terminal, nullptr, nullptr, &screen);
    if (id == 0) begin(vectors, writing.get(), parent);
    if (id < 0)
        return fail(Code::unreachable,
                    "There is no pseudo-terminal: " + std::generic_category().message(errno) + ".",
                    "Mount /dev/pts.");
    Descriptor owned(terminal);
    ::fcntl(terminal, F_SETFD, FD_CLOEXEC);
    ::fcntl(terminal, F_SETFL, ::fcntl(terminal, F_GETFL) | O_NONBLOCK);
    writing = Descriptor(-1); // what is read ends when the program has begun
    int error = 0;
    if (::read(reading.get(), &error, sizeof error) == sizeof error) {
        ::waitpid(id, nullptr, 0);
        return std::unexpected(cannot_start(program.words.front(), error));
    }
    return std::make_unique<ForkedTerminal>(id, std::move(owned));
}

} // namespace envmesh::platform
