// SPDX-License-Identifier: MIT
#include "platform/terminal.h"

#include "platform/linux/descriptor.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::size_t longest_line = 4096; // what a terminal hands over at once
constexpr std::array ending{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

volatile std::sig_atomic_t caught = 0;
void remember(int signal) { caught = signal; }

// While it lives, echo is off and the signals that would end or stop us wait; its destructor puts
// the terminal back and only then lets the one that came do its work.
class Quiet {
  public:
    explicit Quiet(int terminal) : terminal_(terminal) {
        caught = 0;
        sigset_t held;
        sigemptyset(&held);
        struct sigaction note{};
        note.sa_handler = remember;
        for (std::size_t i = 0; i < ending.size(); ++i) {
            sigaddset(&held, ending[i]);
            ::sigaction(ending[i], &note, &before_[i]);
        }
        ::pthread_sigmask(SIG_BLOCK, &held, &mask_);
        ::tcgetattr(terminal_, &shown_);
        termios hidden = shown_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(terminal_, TCSAFLUSH, &hidden);
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;
    ~Quiet() {
        ::tcsetattr(terminal_, TCSAFLUSH, &shown_);
        for (std::size_t i = 0; i < ending.size(); ++i)
            ::sigaction(ending[i], &before_[i], nullptr);
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
        if (caught != 0) ::raise(caught);
    }

    /// True when there is something to read, false when a signal came. Atomic, unlike a look at
    /// `caught` before a blocking read.
    [[nodiscard]] bool wait() const {
        pollfd poll_on{.fd = terminal_, .events = POLLIN, .revents = 0};
        while (caught == 0)
            if (::ppoll(&poll_on, 1, nullptr, &mask_) > 0) return true;
        return false;
    }

  private:
    int terminal_;
    termios shown_{};
    sigset_t mask_{};
    std::array<struct sigaction, ending.size()> before_{};
};

Result<Descriptor> open_terminal() {
    Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (terminal.is_open()) return terminal;
    return fail(Code::unreachable, "There is no terminal to ask at.",
                "Give the answer through a file or standard input; see --help.");
}

void show(int terminal, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(terminal, text.data(), text.size());
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

Result<Secret> line_from(int terminal) {
    Secret line(longest_line);
    const auto room = line.writable();
    ssize_t count = 0;
    do
        count = ::read(terminal, room.data(), room.size());
    while (count < 0 && errno == EINTR);
    if (count <= 0) return fail(Code::denied, "No answer was given.");
    auto size = static_cast<std::size_t>(count);
    if (room[size - 1] == '\n') --size;
    return Secret(line.reveal().first(size));
}

} // namespace

bool is_terminal(Stream stream) { return ::isatty(static_cast<int>(stream)) == 1; }

Result<Secret> ask_hidden(std::string_view prompt) {
    const auto terminal = open_terminal();
    if (!terminal) return std::unexpected(terminal.error());
    const Quiet quiet(terminal->get());
    show(terminal->get(), prompt);
    const bool answered = quiet.wait();
    show(terminal->get(), "\n"); // the person's own was not echoed
    if (!answered) return fail(Code::denied, "No answer was given.");
    return line_from(terminal->get());
}

Result<std::string> ask(std::string_view prompt) {
    const auto terminal = open_terminal();
    if (!terminal) return std::unexpected(terminal.error());
    show(terminal->get(), prompt);
    const auto line = line_from(terminal->get());
    if (!line) return std::unexpected(line.error());
    return std::string(line->reveal_text());
}

} // namespace envmesh::platform
