// SPDX-License-Identifier: MIT
// Help and manual say what the parser understands, and fit their page.
#include "cli/help.h"

#include "tests/cli/run_cli.h"

#include <gmock/gmock.h>

namespace envmesh::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out(1);
    for (const char c : text)
        if (c == '\n')
            out.emplace_back();
        else
            out.back() += c;
    out.pop_back();
    return out;
}

std::vector<std::string> verbs() {
    std::vector<std::string> out;
    for (const std::string& line : lines(Cli().run("complete", std::string(1, '\0')).out))
        out.push_back(line.substr(0, line.find('\t')));
    return out;
}

TEST(Help, FitsAScreen) {
    const Cli cli;
    EXPECT_THAT(lines(cli.run("--help").out), SizeIs(Le(24U)));
    EXPECT_EQ(cli.run("-h").out, cli.run("--help").out);
    for (const std::string& verb : verbs()) {
        const Outcome outcome = cli.run(verb + " --help");
        EXPECT_EQ(outcome.exit, 0) << verb;
        const auto shown = lines(outcome.out);
        EXPECT_THAT(shown, SizeIs(Le(24U))) << verb;
        for (const std::string& line : shown)
            EXPECT_THAT(line, SizeIs(Le(100U))) << verb;
        EXPECT_THAT(cli.run("--help").out, HasSubstr(verb + "  ")) << "a gap follows each";
    }
    for (const std::string& line : lines(cli.run("--help").out))
        EXPECT_THAT(line, SizeIs(Le(80U)));
}

TEST(Help, NamesWhatIsThere) {
    const std::string set = Cli().run("set --help").out;
    EXPECT_THAT(set, HasSubstr("Usage: envmesh-cli set [OPTIONS] KEY..."));
    EXPECT_THAT(set, HasSubstr("--visibility shell|run|get"));
    EXPECT_THAT(set, HasSubstr("Examples:\n  envmesh-cli set API_KEY"));
    EXPECT_THAT(Cli().run("profile use --help").out,
                HasSubstr("Usage: envmesh-cli profile use [OPTIONS] [PROFILE]..."));
    EXPECT_EQ(Cli().run("profile --help").exit, 0);
    EXPECT_EQ(Cli().run("--version").out, "envmesh-cli " ENVMESH_VERSION "\n");
}

TEST(Help, OfAnyVerb) {
    cli::Verb verb{"v", "Does", "", {{"a|b", "one", false, false}}, {{{"-x"}, "", "turns"}}, {}};
    EXPECT_EQ(cli::help(verb, "p v"),
              "Does\nUsage: p v [OPTIONS] [SHELL]\n\n  a|b  one\n  -x   turns\n");
    EXPECT_THAT(cli::choices("a|b|"), ::testing::ElementsAre("a", "b", ""));
    EXPECT_THAT(cli::choices("KEY"), ::testing::IsEmpty());
}

TEST(Manual, HoldsEveryVerbAndIsCleanRoff) {
    const Cli cli;
    const Outcome manual = cli.run("man");
    EXPECT_EQ(manual.exit, 0);
    for (const std::string& verb : verbs())
        EXPECT_THAT(manual.out, HasSubstr("\n.SS " + verb + '\n'));
    EXPECT_THAT(manual.out, HasSubstr("\n.SS profile use\n"));
    EXPECT_THAT(manual.out, HasSubstr("\\-\\-visibility shell|run|get"));
    EXPECT_THAT(manual.out, Not(HasSubstr("\n'")));
    if (std::system("command -v groff > /dev/null") != 0) return;
    const std::string check = "groff -man -ww -z '" + (cli.folder() / "out").string() + "' 2>&1";
    EXPECT_EQ(std::system(("test -z \"$(" + check + ")\"").c_str()), 0);
}

} // namespace
} // namespace envmesh::test
