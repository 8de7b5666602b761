// SPDX-License-Identifier: MIT
#include "platform/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

class AtATerminal : public testing::Test {
  protected:
    void SetUp() override {
        const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
        if (terminal < 0) GTEST_SKIP() << "there are no pseudo-terminals here (/dev/pts)";
        ::close(terminal);
    }
};
using AskHidden = AtATerminal;
using Ask = AtATerminal;
using IsTerminal = AtATerminal;

// A child at a terminal of its own; we are the person there.
class Person {
  public:
    explicit Person(int (*body)()) {
        child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
        if (child_ == 0) {
            ::signal(SIGINT, SIG_DFL);
            ::_exit(body());
        }
    }
    Person(const Person&) = delete;
    Person& operator=(const Person&) = delete;
    ~Person() { ::close(terminal_); }

    void see(std::string_view text) {
        std::array<char, 256> buffer{};
        while (screen_.find(text) == std::string::npos) {
            const ssize_t count = ::read(terminal_, buffer.data(), buffer.size());
            if (count <= 0) return; // the child is gone
            screen_.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }
    void type(std::string_view text) const {
        EXPECT_EQ(::write(terminal_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] bool is_echoing() const {
        termios state{};
        EXPECT_EQ(::tcgetattr(terminal_, &state), 0);
        return (state.c_lflag & ECHO) != 0;
    }
    int leave() {
        see("never printed"); // to the end
        int status = -1;
        ::waitpid(child_, &status, 0);
        return status;
    }
    [[nodiscard]] const std::string& screen() const { return screen_; }

  private:
    int terminal_ = -1;
    pid_t child_ = -1;
    std::string screen_;
};

int ask_for_secret() {
    const auto secret = ask_hidden("Password: ");
    return secret && secret->reveal_text() == "s3cret words" ? 0 : 1;
}

TEST_F(AskHidden, ReadsALineAndShowsNothingOfIt) {
    Person person(ask_for_secret);
    person.see("Password: ");
    EXPECT_FALSE(person.is_echoing());
    person.type("s3cret words\n");
    EXPECT_EQ(person.leave(), 0);
    EXPECT_THAT(person.screen(), testing::Not(testing::HasSubstr("s3cret")));
    EXPECT_TRUE(person.is_echoing());
}

TEST_F(AskHidden, CtrlCEndsTheProgramAndBringsTheEchoBack) {
    Person person(ask_for_secret);
    person.see("Password: ");
    person.type("half\x03");
    const int status = person.leave();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
    EXPECT_TRUE(person.is_echoing());
}

int expect_no_answer() { return ask_hidden("Password: ") ? 1 : 0; }

TEST_F(AskHidden, CtrlDIsNoAnswer) {
    Person person(expect_no_answer);
    person.see("Password: ");
    person.type("\x04");
    EXPECT_EQ(person.leave(), 0);
}

int ask_openly() { return ask("Go on? ").value_or("") == "yes" ? 0 : 1; }

TEST_F(Ask, ReadsALine) {
    Person person(ask_openly);
    person.see("Go on? ");
    person.type("yes\n");
    EXPECT_EQ(person.leave(), 0);
}

int ask_without_terminal() {
    ::setsid(); // leaves the controlling terminal
    const auto secret = ask_hidden("Password: ");
    return !secret && secret.error().code == Code::unreachable ? 0 : 1;
}

TEST_F(AskHidden, WithoutATerminalItSaysSo) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(ask_without_terminal());
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

int look_at_streams() {
    std::array<int, 2> pipe{};
    if (!is_terminal(Stream::input) || ::pipe(pipe.data()) != 0) return 1;
    ::dup2(pipe[1], STDOUT_FILENO);
    return is_terminal(Stream::output) ? 2 : 0;
}

TEST_F(IsTerminal, TellsAPipeFromATerminal) {
    Person person(look_at_streams);
    EXPECT_EQ(person.leave(), 0);
}

} // namespace
} // namespace envmesh::platform
