// SPDX-License-Identifier: MIT
#include "platform/clipboard.h"

#include "core/base/bytes.h"
#include "platform/linux/descriptor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::chrono::seconds patience{5};

using Words = std::vector<const char*>;

struct Tool {
    const char* screen; // the variable that says that it is there
    Words copy, paste, clear;
};

const std::array<Tool, 3>& tools() {
    static const std::array<Tool, 3> all{{
        {"WAYLAND_DISPLAY", {"wl-copy"}, {"wl-paste", "--no-newline"}, {"wl-copy", "--clear"}},
        {"DISPLAY",
         {"xclip", "-selection", "clipboard"},
         {"xclip", "-selection", "clipboard", "-out"},
         {"xclip", "-selection", "clipboard"}},
        {"DISPLAY",
         {"xsel", "--clipboard", "--input"},
         {"xsel", "--clipboard", "--output"},
         {"xsel", "--clipboard", "--clear"}},
    }};
    return all;
}

// A pipe of which the program gets one end.
struct Pipe {
    Descriptor reading, writing;
};

std::optional<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Returns errno, or 0.
int spawn(const Words& words, int input, const char* output_file, int output, pid_t& id) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (output_file != nullptr)
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_file, O_WRONLY, 0);
    else
        ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> argv;
    for (const char* word : words)
        argv.push_back(const_cast<char*>(word));
    argv.push_back(nullptr);
    const int error = ::posix_spawnp(&id, argv.front(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

bool write_all(int to, View text, std::chrono::steady_clock::time_point deadline) {
    ::fcntl(to, F_SETFL, O_NONBLOCK);
    while (!text.empty()) {
        if (!wait_for(to, POLLOUT, deadline)) return false;
        const ssize_t written = ::write(to, text.data(), text.size());
        if (written < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (written > 0) text = text.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

// It goes on in the background when it has to, and is not waited for longer than it may take.
bool ended_well(pid_t id, std::chrono::steady_clock::time_point deadline) {
    int status = 0;
    while (::waitpid(id, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            ::kill(id, SIGKILL);
            ::waitpid(id, nullptr, 0);
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool feed(const Words& words, View text) {
    auto pipe = make_pipe();
    if (!pipe) return false;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    pid_t id = 0;
    if (spawn(words, pipe->reading.get(), "/dev/null", -1, id) != 0) return false;
    pipe->reading = Descriptor();
    const bool fed = write_all(pipe->writing.get(), text, deadline);
    pipe->writing = Descriptor();
    return ended_well(id, deadline) && fed;
}

// Whether the program prints exactly this.
bool prints(const Words& words, View text) {
    auto pipe = make_pipe();
    const Descriptor empty(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!pipe || !empty.is_open()) return false;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    pid_t id = 0;
    if (spawn(words, empty.get(), nullptr, pipe->writing.get(), id) != 0) return false;
    pipe->writing = Descriptor();
    Secret printed(text.size() + 1);
    std::size_t size = 0;
    while (size < printed.size() && wait_for(pipe->reading.get(), POLLIN, deadline)) {
        const ssize_t part =
            ::read(pipe->reading.get(), printed.writable().data() + size, printed.size() - size);
        if (part <= 0) break;
        size += static_cast<std::size_t>(part);
    }
    pipe->reading = Descriptor();
    return ended_well(id, deadline) && std::ranges::equal(printed.reveal().first(size), text);
}

bool tell_terminal(int terminal, std::string_view content) {
    std::string sequence = "\x1b]52;c;" + std::string(content) + '\a';
    const bool done =
        write_all(terminal, view(sequence), std::chrono::steady_clock::now() + patience);
    wipe(sequence);
    return done;
}

// A process of its own, without our terminal and our pipes: nobody waits for it. False when there
// can be none.
template <class Action>
bool later(std::chrono::milliseconds after, Action action) {
    const pid_t id = ::fork();
    if (id != 0) return id > 0;
    ::setsid();
    const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(nothing.get(), stream);
    std::this_thread::sleep_for(after);
    action();
    ::_exit(0);
}

std::unexpected<Error> not_emptied(bool is_empty) {
    return fail(Code::internal,
                is_empty ? "The clipboard could not be emptied later, so it is empty now."
                         : "The clipboard cannot be emptied; it holds the value.",
                "Try again when the machine has room for another process.");
}

} // namespace

Result<std::string> copy_to_clipboard(View text, std::chrono::milliseconds clear_after) {
    std::signal(SIGPIPE, SIG_IGN); // a program that ends without reading
    const bool clears = clear_after > std::chrono::milliseconds(0);
    for (const Tool& tool : tools()) {
        if (std::getenv(tool.screen) == nullptr || !feed(tool.copy, text)) continue;
        const auto clear = [&] { return prints(tool.paste, text) && feed(tool.clear, {}); };
        if (clears && !later(clear_after, clear)) return not_emptied(clear());
        return tool.copy.front();
    }
    const Descriptor screen(::open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!screen.is_open())
        return fail(Code::unreachable, "There is no clipboard here.",
                    "Install wl-clipboard, xclip or xsel, or use a terminal.");
    std::string coded = base64(text);
    const bool done = tell_terminal(screen.get(), coded);
    wipe(coded);
    if (!done) return fail(Code::timeout, "The terminal does not take the value.");
    const auto clear = [&] { return tell_terminal(screen.get(), "!"); }; // no base64 empties it
    if (clears && !later(clear_after, clear)) return not_emptied(clear());
    return "the terminal";
}

} // namespace envmesh::platform
