// SPDX-License-Identifier: MIT
// Hostile values through real shells, and the environment read back byte for byte.
#include "cli/shell.h"

#include "tests/cli/hostile_values.h"
#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace envmesh::cli {
namespace {

using test::hostile_values;
using test::read_whole;
using test::write_whole;

struct Way {
    std::string program, options;
    Shell shell;
};
void PrintTo(const Way& way, std::ostream* out) { // part of the test's name
    *out << way.program << ' ' << way.options << (way.shell == Shell::posix ? " sh" : " ansi");
}

// What `env -0` printed, as NAME=value each.
std::vector<std::string> read_back(const test::TemporaryFolder& folder, const Way& way,
                                   const std::string& locale) {
    const std::string command =
        "cd '" + folder.path().string() + "' && env -i PATH=/usr/bin:/bin LC_ALL=" + locale + ' ' +
        way.program + ' ' + way.options + " -c 'eval \"$(cat script)\"; exec env -0' > out 2> err";
    if (std::system(command.c_str()) != 0) return {};
    std::vector<std::string> lines;
    std::string all = read_whole(folder.path() / "out");
    for (std::size_t start = 0; start < all.size();) {
        const auto end = all.find('\0', start);
        if (all[start] == 'V' && all[start + 1] == '_')
            lines.push_back(all.substr(start, end - start));
        start = end + 1;
    }
    std::ranges::sort(lines);
    return lines;
}

class Quoting : public testing::TestWithParam<Way> {};

TEST_P(Quoting, GivesTheShellExactlyTheBytesAndRunsNothing) {
    const Way& way = GetParam();
    if (std::system(("command -v " + way.program + " > /dev/null").c_str()) != 0)
        GTEST_SKIP() << way.program << " is not installed";
    const test::TemporaryFolder folder;
    std::string script;
    std::vector<std::string> expected;
    for (const std::string& value : hostile_values()) {
        const std::string name = "V_" + std::to_string(expected.size());
        ASSERT_TRUE(append_export(script, way.shell, name, view(value)));
        expected.push_back(name + '=' + value);
    }
    std::ranges::sort(expected);
    write_whole(folder.path() / "script", script);
    for (const std::string locale : {"C", "C.UTF-8"}) {
        EXPECT_EQ(read_back(folder, way, locale), expected)
            << way.program << ' ' << way.options << ' ' << locale << ' '
            << read_whole(folder.path() / "err");
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "canary"));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shells, Quoting,
    testing::Values(Way{"dash", "", Shell::posix}, Way{"bash", "", Shell::posix},
                    Way{"zsh", "", Shell::posix}, Way{"ksh93", "", Shell::posix},
                    Way{"mksh", "", Shell::posix}, Way{"bash", "", Shell::ansi_c},
                    Way{"bash", "--posix", Shell::ansi_c}, Way{"bash", "-H", Shell::ansi_c},
                    Way{"zsh", "", Shell::ansi_c}, Way{"zsh", "-o rcquotes", Shell::ansi_c},
                    Way{"zsh", "-o cshjunkiequotes", Shell::ansi_c},
                    Way{"ksh93", "", Shell::ansi_c}, Way{"mksh", "", Shell::ansi_c}));

TEST(ShellNames, AreWhatTheShellItselfTakes) {
    for (const std::string& name : {std::string("A"), std::string("_a1"), std::string(255, 'A')})
        EXPECT_TRUE(is_variable_name(name)) << name;
    for (const std::string& name :
         {std::string(), std::string("1A"), std::string("A-B"), std::string("A B"),
          std::string("X;touch canary;Y"), std::string("a[$(x)]"), std::string("\xc3\x84"),
          std::string("A\n"), std::string("A\0B", 3), std::string(256, 'A')}) {
        std::string out = "before";
        EXPECT_FALSE(append_export(out, Shell::posix, name, view("v"))) << name;
        EXPECT_EQ(out, "before");
    }
}

TEST(ShellNames, AValueWithNulIsNotCutShort) {
    std::string out;
    EXPECT_FALSE(append_export(out, Shell::ansi_c, "A", view(std::string_view("a\0b", 3))));
    EXPECT_TRUE(out.empty());
}

TEST(ShellNames, AProgramNameTellsTheShell) {
    EXPECT_EQ(shell_named("-bash"), Shell::ansi_c);
    EXPECT_EQ(shell_named("/usr/bin/zsh"), Shell::ansi_c);
    EXPECT_EQ(shell_named("sh"), Shell::posix);
    EXPECT_EQ(shell_named("fish"), std::nullopt);
    EXPECT_EQ(shell_named(""), std::nullopt);
}

} // namespace
} // namespace envmesh::cli
