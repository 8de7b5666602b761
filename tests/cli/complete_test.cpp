// SPDX-License-Identifier: MIT
#include "tests/cli/run_cli.h"

#include <gmock/gmock.h>

namespace envmesh::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        out.push_back(text.substr(from, text.find('\t', from) < end ? text.find('\t', from) - from
                                                                    : end - from));
        from = end + 1;
    }
    return out;
}

std::vector<std::string> complete(const Cli& cli, const std::vector<std::string>& words) {
    std::string input;
    for (const std::string& word : words)
        input += word + '\0';
    const Outcome outcome = cli.run("complete", input);
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return lines(outcome.out);
}

Result<api::Reply> answer(const api::Request& request) {
    if (std::holds_alternative<api::List>(request)) {
        api::List::Reply reply;
        for (const char* key : {"A_KEY", "A_KEY", "B"})
            reply.variables.emplace_back().key = key;
        return reply;
    }
    if (std::holds_alternative<api::Profiles>(request)) {
        api::Profiles::Reply reply;
        reply.profiles = {{"dev", {}, {}}, {"prod", {}, {}}};
        return reply;
    }
    if (std::holds_alternative<api::Devices>(request)) {
        api::Devices::Reply reply;
        reply.devices.resize(3);
        reply.devices[0].name = "laptop";
        reply.devices[1].name = "a name; $(with) spaces";
        reply.devices[2].name = "gone";
        reply.devices[2].removed = true;
        return reply;
    }
    return fail(Code::not_found, "nothing");
}

TEST(Complete, TheGrammarWithoutADaemon) {
    const Cli cli;
    EXPECT_THAT(complete(cli, {"sta"}), ElementsAre("status"));
    EXPECT_THAT(complete(cli, {""}), AllOf(IsSupersetOf({"get", "version"}), Not(Contains("man"))));
    EXPECT_THAT(complete(cli, {"profile", "c"}), ElementsAre("create"));
    EXPECT_THAT(complete(cli, {"set", "--v"}), ElementsAre("--visibility", "--version"));
    EXPECT_THAT(complete(cli, {"--vers"}), ElementsAre("--version"));
    EXPECT_THAT(complete(cli, {"--color", ""}), ElementsAre("auto", "always", "never"));
    EXPECT_THAT(complete(cli, {"set", "--visibility=r"}), ElementsAre("--visibility=run"));
    EXPECT_THAT(complete(cli, {"set", "--visibility", "=", "r"}), ElementsAre("run"));
    EXPECT_THAT(complete(cli, {"hook", "uninstall", "z"}), ElementsAre("zsh"));
    EXPECT_THAT(complete(cli, {"nonsense", "x", "get"}), IsEmpty());
    EXPECT_THAT(complete(cli, {"get", ""}), IsEmpty());
}

TEST(Complete, WhatTheDaemonKnows) {
    LocalDaemon daemon(answer);
    const Cli cli(daemon.socket());
    EXPECT_THAT(complete(cli, {"get", ""}), ElementsAre("A_KEY", "B"));
    EXPECT_THAT(complete(cli, {"get", "A_KEY", ""}), IsEmpty()) << "it takes one";
    EXPECT_THAT(complete(cli, {"delete", "A_KEY", ""}), ElementsAre("A_KEY", "B"));
    EXPECT_THAT(complete(cli, {"run", "--only", "B"}), ElementsAre("B"));
    EXPECT_THAT(complete(cli, {"run", "-P", ""}), ElementsAre("dev", "prod"));
    EXPECT_THAT(complete(cli, {"profile", "use", "dev", "p"}), ElementsAre("prod"));
    EXPECT_THAT(complete(cli, {"set", "A=1", "--scope", ""}),
                ElementsAre("shared", "device", "profile/dev", "profile/prod", "device/laptop"))
        << "what a shell would have to quote is left out";
}

TEST(Complete, FilesAndProgramsAreTheShellsOwn) {
    const Cli cli;
    EXPECT_THAT(complete(cli, {"import", "x"}), ElementsAre(":files"));
    EXPECT_THAT(complete(cli, {"trust", "--project", ""}), ElementsAre(":dirs"));
    EXPECT_THAT(complete(cli, {"run", "--", "l"}), ElementsAre(":commands"));
    EXPECT_THAT(complete(cli, {"run", "--", "ls", "-"}), ElementsAre(":files"));
    EXPECT_THAT(complete(cli, {"run", "--", "get", ""}), ElementsAre(":files"));
}

TEST(Complete, AnyInputIsTaken) {
    const Cli cli;
    EXPECT_EQ(cli.run("complete", "sta").out, "status\tShow the state of it all\n");
    EXPECT_EQ(cli.run("complete", "sta\r\n").out, cli.run("complete", "sta").out);
    EXPECT_EQ(cli.run("complete", "").out, cli.run("complete", std::string(1, '\0')).out);
    EXPECT_EQ(cli.run("complete", "\x1b]0;\xff\t\n=\x01").exit, 0);
    EXPECT_EQ(cli.run("complete", std::string(300'000, 'x')).out, "");
}

TEST(Completion, IsAValidScriptOfItsShell) {
    const Cli cli;
    for (const std::string shell : {"bash", "zsh", "fish", "pwsh"}) {
        const Outcome outcome = cli.run("completion " + shell);
        EXPECT_EQ(outcome.exit, 0);
        EXPECT_THAT(outcome.out, HasSubstr("envmesh-cli complete")) << shell;
        if (shell == "pwsh") continue; // it has no check that runs nothing
        if (std::system(("command -v " + shell + " > /dev/null").c_str()) != 0) continue;
        const std::string check = shell + " -n '" + (cli.folder() / "out").string() + '\'';
        EXPECT_EQ(std::system(check.c_str()), 0) << shell;
    }
    EXPECT_EQ(cli.run("completion tcsh").exit, 2);
}

} // namespace
} // namespace envmesh::test
