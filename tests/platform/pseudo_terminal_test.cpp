// SPDX-License-Identifier: MIT
#include "platform/pseudo_terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

PseudoTerminal::Deadline far() { return std::chrono::steady_clock::now() + 20s; }

class AtAPseudoTerminal : public testing::Test {
  protected:
    void SetUp() override {
        const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
        if (terminal < 0) GTEST_SKIP() << "there are no pseudo-terminals here (/dev/pts)";
        ::close(terminal);
    }
    static std::unique_ptr<PseudoTerminal> run(std::vector<std::string> words) {
        Program program{std::move(words), {}};
        program.environment.emplace_back(std::string_view("PATH=/usr/bin:/bin"));
        auto started = PseudoTerminal::start(program);
        EXPECT_TRUE(started);
        return started ? std::move(*started) : nullptr;
    }
    /// What is shown until `text` is among it, or all has ended.
    static std::string shown_until(PseudoTerminal& terminal, std::string_view text) {
        std::string all;
        while (!all.contains(text) && std::chrono::steady_clock::now() < far()) {
            const auto more = terminal.read(far());
            if (!more) break;
            all += *more;
        }
        return all;
    }
    static bool eventually(const std::function<bool()>& condition) {
        const auto end = far();
        while (std::chrono::steady_clock::now() < end) {
            if (condition()) return true;
            std::this_thread::sleep_for(2ms);
        }
        return false;
    }
};
using PseudoTerminals = AtAPseudoTerminal;

bool is_running(pid_t process) {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(process) + "/stat"), line);
    return !line.empty() && !line.contains(") Z ");
}

TEST_F(PseudoTerminals, GiveAProgramATerminalOfItsOwn) {
    const auto terminal = run({"sh", "-c", "stty size; test -t 0 && test -t 2 && tty </dev/tty"});
    const auto shown = shown_until(*terminal, "never");
    EXPECT_THAT(shown, HasSubstr("50 200\r\n"));
    EXPECT_THAT(shown, HasSubstr("/dev/"));
    EXPECT_EQ(terminal->read(far()).error().code, Code::unreachable);
}

TEST_F(PseudoTerminals, HandOnWhatIsTyped) {
    const auto terminal = run({"sh", "-c", "read -r line; echo \"<$line>\""});
    terminal->type("some words\r", far());
    EXPECT_THAT(shown_until(*terminal, ">"), HasSubstr("some words\r\n<some words>"));
}

TEST_F(PseudoTerminals, ReadIsEmptyAtTheDeadline) {
    const auto terminal = run({"sleep", "600"});
    const auto shown = terminal->read(std::chrono::steady_clock::now() + 5ms);
    ASSERT_TRUE(shown);
    EXPECT_EQ(*shown, "");
}

TEST_F(PseudoTerminals, TellWhetherKeysAreAwaited) {
    const auto keys = run({"sh", "-c", "stty -icanon; echo ready; exec sleep 600"});
    shown_until(*keys, "ready");
    EXPECT_TRUE(keys->awaits_keys());
    const auto line = run({"sh", "-c", "echo ready; read -r line"});
    shown_until(*line, "ready");
    EXPECT_FALSE(line->awaits_keys());
    const auto job =
        run({"bash", "-c", "set -m; sh -c 'stty -icanon; echo ready; sleep 600'; true"});
    shown_until(*job, "ready");
    EXPECT_FALSE(job->awaits_keys()) << "another program than the first has the terminal";
}

TEST_F(PseudoTerminals, EndWithAllThatRunsThere) {
    auto terminal =
        run({"bash", "-c", "trap '' HUP TERM; set -m; sleep 600 & echo \"=$!=\"; wait"});
    const auto shown = shown_until(*terminal, "=\r");
    const pid_t job = std::stoi(shown.substr(shown.find('=') + 1));
    ASSERT_GT(job, 1);
    ASSERT_TRUE(is_running(job));
    terminal.reset();
    EXPECT_TRUE(eventually([job] { return !is_running(job); }));
}

TEST_F(PseudoTerminals, HandOnNoOpenFiles) {
    const int open = ::open("/dev/null", O_RDONLY); // not to be closed by execve
    ASSERT_GE(open, 0);
    const auto terminal =
        run({"sh", "-c", "for f in /proc/$$/fd/*; do readlink $f; done; echo end"});
    EXPECT_THAT(shown_until(*terminal, "end\r"), Not(HasSubstr("/dev/null")));
    ::close(open);
}

TEST_F(PseudoTerminals, SayThatThereIsNoSuchProgram) {
    Program program{{"no-such-program"}, {}};
    program.environment.emplace_back(std::string_view("PATH=/usr/bin:/bin"));
    const auto started = PseudoTerminal::start(program);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::not_found);
}

} // namespace
} // namespace envmesh::platform
