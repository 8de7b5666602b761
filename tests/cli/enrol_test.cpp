// SPDX-License-Identifier: MIT
// init, unlock, invite and join as scripts use them. Other programs rely on these lines exactly.
#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

#include <mutex>

namespace envmesh::test {
namespace {

class Recorder {
  public:
    void add(const api::Request& request) {
        const std::scoped_lock lock(mutex_);
        const Secret body = api::encode(0, request);
        all_ += std::string(body.reveal_text()) + '\n';
    }
    std::string all() {
        const std::scoped_lock lock(mutex_);
        return all_;
    }

  private:
    std::mutex mutex_;
    std::string all_;
};

bool has(const std::string& text, std::string_view part) { return text.contains(part); }

TEST(Enrol, InitTakesAllOfItFromFilesAndOptions) {
    Recorder seen;
    LocalDaemon daemon([&](const api::Request& request) -> Result<api::Reply> {
        seen.add(request);
        return api::Init::Reply{"d1", "m1", "k1"};
    });
    const Cli cli(daemon.socket());
    write_whole(cli.folder() / "token", "tok\n");
    const std::string init = "init --json --name desk --server wss://h:1 --server-token-file token "
                             "--password-file - --server-key ";
    for (const std::string& wrong : {std::string("ab"), std::string(64, 'g'), std::string(66, 'a')})
        EXPECT_EQ(cli.run(init + wrong, "pw\n").exit, 2);
    const Outcome outcome = cli.run(init + std::string(64, 'A'), "pw\n");
    EXPECT_EQ(outcome.out, R"({"ok":true,"device":"d1","mesh":"m1","server_key":"k1"})"
                           "\n");
    EXPECT_EQ(
        seen.all(),
        R"({"call":"init","id":0,"name":"desk","password":"pw","server":"wss://h:1","server_key":")" +
            std::string(64, 'a') +
            R"(","server_token":"tok"})"
            "\n");
}

TEST(Enrol, InitAsksNobodyWhenThereIsNoTerminal) {
    LocalDaemon daemon;
    const Cli cli(daemon.socket());
    for (const std::string arguments :
         {"init", "init --json", "init --server wss://h:1 --password-file -",
          "init --json --server wss://h:1 --password-file -", "join --json"})
        EXPECT_EQ(cli.run(arguments, "pw\n").exit, 2) << arguments;
}

TEST(Enrol, UnlockTriesTheKeychainAndThenThePassword) {
    Recorder seen;
    bool is_enabled = false;
    const auto answer = [&](const api::Request& request) -> Result<api::Reply> {
        seen.add(request);
        if (!std::holds_alternative<api::UnlockByKeychain>(request) || is_enabled)
            return api::Done();
        return fail(Code::not_found, "no keychain opens this vault");
    };
    LocalDaemon daemon(answer);
    const Cli cli(daemon.socket());
    for (const std::string arguments : {"unlock", "unlock --json", "keychain enable --json"})
        EXPECT_EQ(cli.run(arguments, "pw\n").exit, 2) << arguments << ": there is no terminal";
    EXPECT_EQ(cli.run("unlock --keychain").exit, 3) << "and nothing else";
    EXPECT_EQ(cli.run("unlock --keychain --password-file -", "pw").exit, 2);
    EXPECT_EQ(cli.run("unlock --password-file -", "\n").exit, 65);
    EXPECT_EQ(cli.run("unlock --password-file none").exit, 3);
    is_enabled = true;
    EXPECT_EQ(cli.run("unlock").exit, 0);
    EXPECT_EQ(seen.all().find("pw"), std::string::npos);
    EXPECT_EQ(cli.run("unlock --password-file -", "pw").exit, 0);
    EXPECT_NE(seen.all().find("pw"), std::string::npos);
    EXPECT_EQ(Cli("/nowhere/daemon.sock").run("unlock").exit, 4);
}

FakeService::Answer inviting(Recorder& seen) {
    return [&seen, waits = 0](const api::Request& request) mutable -> Result<api::Reply> {
        seen.add(request);
        if (std::holds_alternative<api::Invite>(request))
            return api::Invite::Reply{Secret("code123")};
        if (std::holds_alternative<api::InviteWait>(request)) {
            if (++waits < 3) return api::InviteWait::Reply();
            return api::InviteWait::Reply{false, "lap\x1btop", "linux", "123456"};
        }
        return api::InviteAnswer::Reply{"d2"};
    };
}

TEST(Enrol, InviteShowsTheCodeTheJoinerAndTheEnd) {
    Recorder seen;
    LocalDaemon daemon(inviting(seen));
    const Outcome outcome = Cli(daemon.socket()).run("invite --json --ttl 5m", "yes\n");
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_EQ(outcome.out,
              R"({"event":"code","code":"code123"})"
              "\n"
              R"({"event":"joiner","name":"lap\u001btop","platform":"linux","check":"123456"})"
              "\n"
              R"({"event":"done","device":"d2"})"
              "\n");
    EXPECT_TRUE(has(seen.all(), R"("ttl_s":300)"));
    EXPECT_TRUE(has(seen.all(), R"("yes":true)"));
}

TEST(Enrol, AnythingButYesRefusesTheJoiner) {
    for (const std::string_view answer : {"no\n", "", "yes please\n", "Yes\n"}) {
        Recorder seen;
        LocalDaemon daemon(inviting(seen));
        const Outcome outcome = Cli(daemon.socket()).run("invite --json", answer);
        EXPECT_EQ(outcome.exit, 6);
        EXPECT_FALSE(has(outcome.out, "done"));
        EXPECT_TRUE(has(seen.all(), R"("yes":false)"));
    }
}

FakeService::Answer joining(Recorder& seen) {
    return [&seen, waits = 0](const api::Request& request) mutable -> Result<api::Reply> {
        seen.add(request);
        if (std::holds_alternative<api::Join>(request)) return api::Join::Reply{"123456"};
        if (std::holds_alternative<api::JoinConfirm>(request)) return api::Done();
        if (++waits == 1) return api::JoinWait::Reply();
        if (waits == 2) return api::JoinWait::Reply{false, "confirm", "desk", "", 0, 0, ""};
        if (waits == 3)
            return api::JoinWait::Reply{false, "syncing", "desk", "", 1, 2, "the disk is slow"};
        return api::JoinWait::Reply{false, "done", "desk", "d2", 2, 2, ""};
    };
}

TEST(Enrol, JoinReadsTheCodeFromItsFirstLine) {
    Recorder seen;
    LocalDaemon daemon(joining(seen));
    const Cli cli(daemon.socket());
    write_whole(cli.folder() / "password", "pw\n");
    const Outcome outcome =
        cli.run("join --json --password-file password --name lap", "code123\nrest\n");
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    EXPECT_EQ(
        outcome.out,
        R"({"event":"check","check":"123456"})"
        "\n"
        R"({"event":"progress","stage":"syncing","received":1,"expected":2,"reason":"the disk is slow"})"
        "\n"
        R"({"event":"done","device":"d2"})"
        "\n");
    EXPECT_TRUE(has(seen.all(), R"("code":"code123")"));
    EXPECT_TRUE(has(seen.all(), R"("name":"lap","password":"pw")"));
    EXPECT_TRUE(has(seen.all(), R"("call":"join-confirm","id":0,"yes":true)"));
}

TEST(Enrol, JoinRefusesACodeThatIsNotThere) {
    Recorder seen;
    LocalDaemon daemon(joining(seen));
    const Cli cli(daemon.socket());
    write_whole(cli.folder() / "password", "pw\n");
    EXPECT_EQ(cli.run("join --json --password-file password", "").exit, 65);
    EXPECT_EQ(cli.run("join --json --password-file password", "\n").exit, 65);
    EXPECT_EQ(cli.run("join --json --password-file password", std::string(5000, 'x')).exit, 65);
    EXPECT_EQ(cli.run("join --json --password-file -", "code\npw\n").exit, 2);
    EXPECT_EQ(cli.run("join --json --password-file password code123", "code\n").exit, 2);
    EXPECT_EQ(seen.all(), "");
}

} // namespace
} // namespace envmesh::test
