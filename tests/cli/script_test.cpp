// SPDX-License-Identifier: MIT
// Hostile values through real shells, and the environment read back byte for byte.
#include "cli/script.h"

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

// How a shell is run so that it evaluates `script` as its users are told to, then becomes `env -0`.
struct Way {
    std::string program, options, line;
    Dialect dialect;
};
void PrintTo(const Way& way, std::ostream* out) { // part of the test's name
    *out << way.program << ' ' << way.options << (way.dialect == Dialect::posix ? " sh" : "");
}

constexpr auto evaluated = R"sh(eval "$(cat script)"; exec env -0)sh";

std::string path_of(const std::string& program) {
    const test::TemporaryFolder folder;
    const auto file = (folder.path() / "path").string();
    if (std::system(("command -v " + program + " > '" + file + "'").c_str()) != 0) return {};
    const std::string path = read_whole(file);
    return path.substr(0, path.find('\n'));
}

// The variables V_…, as NAME=value each.
std::vector<std::string> read_back(const test::TemporaryFolder& folder, const Way& way,
                                   const std::string& locale) {
    const std::string home = folder.path().string();
    const std::string command = "cd '" + home + "' && env -i PATH=/usr/bin:/bin HOME='" + home +
                                "' V_OLD=old LC_ALL=" + locale + ' ' + path_of(way.program) + ' ' +
                                way.options + " -c '" + way.line + "' > out 2> err";
    if (std::system(command.c_str()) != 0) return {"it fails"};
    std::vector<std::string> lines;
    const std::string all = read_whole(folder.path() / "out");
    for (std::size_t start = 0; start < all.size();) {
        const auto end = all.find('\0', start);
        if (all[start] == 'V' && all[start + 1] == '_')
            lines.push_back(all.substr(start, end - start));
        start = end + 1;
    }
    std::ranges::sort(lines);
    return lines;
}

class Quoting : public testing::TestWithParam<Way> {
  protected:
    void SetUp() override {
        if (path_of(GetParam().program).empty())
            GTEST_SKIP() << GetParam().program << " is not installed";
    }
};

// Some shells take names that end like this for lists.
std::string name_of(std::size_t number) {
    return "V_" + std::to_string(number) + (number % 7 == 0 ? "_PATH" : "");
}

TEST_P(Quoting, GivesTheShellExactlyTheBytesAndRunsNothing) {
    const Way& way = GetParam();
    const test::TemporaryFolder folder;
    Script script(way.dialect);
    std::vector<std::string> expected{"V_OLD=old"};
    const auto values = hostile_values();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (script.set(name_of(i), view(values[i])))
            expected.push_back(name_of(i) + '=' + values[i]);
    EXPECT_GT(expected.size(), values.size() / 8); // nu cannot carry the others
    std::ranges::sort(expected);
    write_whole(folder.path() / "script", script.finish());
    for (const std::string locale : {"C", "C.UTF-8"}) {
        EXPECT_EQ(read_back(folder, way, locale), expected)
            << way.program << ' ' << way.options << ' ' << locale << ' '
            << read_whole(folder.path() / "err");
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "canary"));
    }
}

TEST_P(Quoting, UnsetsWhatIsSetAndIsSilentAboutWhatIsNot) {
    const Way& way = GetParam();
    const test::TemporaryFolder folder;
    Script script(way.dialect);
    script.unset("V_OLD");
    script.unset("V_NEVER");
    script.set("V_A", view("1"));
    write_whole(folder.path() / "script", script.finish());
    EXPECT_EQ(read_back(folder, way, "C.UTF-8"), std::vector<std::string>{"V_A=1"});
    EXPECT_EQ(read_whole(folder.path() / "err"), "");
}

// bash takes no notice of aliases in a script unless told to; only zsh has them for any word.
TEST_P(Quoting, MeansTheCommandsThemselvesNotAliases) {
    Way way = GetParam();
    if (way.line != evaluated) GTEST_SKIP() << "it has no aliases of these commands";
    way.line = "shopt -s expand_aliases 2>/dev/null || :; alias export=false unset=false; "
               "test -z \"$ZSH_VERSION\" || alias -g V_OLD=\"V_OTHER V_A\"; " +
               way.line;
    const test::TemporaryFolder folder;
    Script script(way.dialect);
    script.set("V_A", view("1 2"));
    script.unset("V_OLD");
    write_whole(folder.path() / "script", script.finish());
    EXPECT_EQ(read_back(folder, way, "C.UTF-8"), std::vector<std::string>{"V_A=1 2"})
        << read_whole(folder.path() / "err");
}

// One name that cannot be set takes none of the others with it. The plain words of sh, which any
// shell may be given, cannot do that.
TEST_P(Quoting, GoesOnAfterANameThatTheShellHasMadeReadOnly) {
    Way way = GetParam();
    if (way.dialect != Dialect::ansi_c && way.dialect != Dialect::zsh)
        GTEST_SKIP() << "it has no such names, or ends there";
    const test::TemporaryFolder folder;
    Script script(way.dialect);
    script.set("V_A", view("1"));
    script.set("V_FIXED", view("2"));
    script.unset("V_FIXED");
    script.unset("V_OLD");
    script.set("V_Z", view("3"));
    way.line = "export V_FIXED=0; readonly V_FIXED; " + way.line;
    write_whole(folder.path() / "script", script.finish());
    EXPECT_EQ(read_back(folder, way, "C.UTF-8"),
              (std::vector<std::string>{"V_A=1", "V_FIXED=0", "V_Z=3"}))
        << read_whole(folder.path() / "err");
}

TEST(Script, LeavesNumbersAndListsOfZshAlone) {
    if (path_of("zsh").empty()) GTEST_SKIP() << "zsh is not installed";
    const test::TemporaryFolder folder;
    Script script(Dialect::zsh);
    for (const char* name : {"V_A", "V_LIST", "V_MAP", "V_NUMBER", "V_Z"})
        script.set(name, view("V_A[$(touch canary)]"));
    write_whole(folder.path() / "script", script.finish());
    const std::string declared = "typeset -a V_LIST; typeset -A V_MAP; typeset -i V_NUMBER; ";
    EXPECT_EQ(read_back(folder, {"zsh", "", declared + evaluated, Dialect::zsh}, "C"),
              (std::vector<std::string>{"V_A=V_A[$(touch canary)]", "V_OLD=old",
                                        "V_Z=V_A[$(touch canary)]"}))
        << read_whole(folder.path() / "err");
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "canary"));
}

INSTANTIATE_TEST_SUITE_P(
    Shells, Quoting,
    testing::Values(
        Way{"dash", "", evaluated, Dialect::posix}, Way{"bash", "", evaluated, Dialect::posix},
        Way{"zsh", "", evaluated, Dialect::posix}, Way{"ksh93", "", evaluated, Dialect::posix},
        Way{"mksh", "", evaluated, Dialect::posix}, Way{"busybox", "sh", evaluated, Dialect::posix},
        Way{"bash", "", evaluated, Dialect::ansi_c},
        Way{"bash", "--posix", evaluated, Dialect::ansi_c},
        Way{"bash", "-H", evaluated, Dialect::ansi_c}, Way{"zsh", "", evaluated, Dialect::zsh},
        Way{"zsh", "-o rcquotes", evaluated, Dialect::zsh},
        Way{"zsh", "-o cshjunkiequotes", evaluated, Dialect::zsh},
        Way{"zsh", "-o ignorebraces -u -e", evaluated, Dialect::zsh},
        Way{"zsh", "--emulate ksh", evaluated, Dialect::zsh},
        Way{"zsh", "--emulate ksh", evaluated, Dialect::ansi_c},
        Way{"zsh", "--emulate sh", evaluated, Dialect::zsh},
        Way{"ksh93", "", evaluated, Dialect::ansi_c}, Way{"mksh", "", evaluated, Dialect::ansi_c},
        Way{"fish", "", "cat script | source; exec env -0", Dialect::fish},
        Way{"elvish", "-norc", "eval (cat script | slurp); exec env -0", Dialect::elvish},
        Way{"xonsh", "--no-rc", "execx($(cat script)); ![env -0]", Dialect::xonsh},
        Way{"nu", "-n", "open --raw script | from json | load-env; ^env -0", Dialect::nu}));

constexpr std::array all_dialects{
    Dialect::posix, Dialect::ansi_c, Dialect::zsh,   Dialect::fish, Dialect::powershell,
    Dialect::nu,    Dialect::elvish, Dialect::xonsh, Dialect::cmd,  Dialect::tmux};

TEST(Script, RefusesNamesThatAreNoneAndValuesWithNul) {
    for (const std::string& name : {std::string("A"), std::string("_a1"), std::string(255, 'A')})
        EXPECT_TRUE(is_variable_name(name)) << name;
    for (const Dialect dialect : all_dialects) {
        Script script(dialect);
        for (const std::string& name :
             {std::string(), std::string("1A"), std::string("A-B"), std::string("A B"),
              std::string("X;touch canary;Y"), std::string("a[$(x)]"), std::string("\xc3\x84"),
              std::string("A\n"), std::string("A\0B", 3), std::string(256, 'A')})
            EXPECT_FALSE(script.set(name, view("v"))) << name;
        EXPECT_FALSE(script.set("A", view(std::string_view("a\0b", 3))));
        EXPECT_EQ(script.finish(), dialect == Dialect::nu ? "{}\n" : "");
    }
}

std::string line_for(Dialect dialect, std::string_view value) {
    Script script(dialect);
    return script.set("A", view(value)) ? std::string(script.finish()) : "refused";
}

TEST(Script, SaysWhatAShellCannotCarry) {
    for (const Dialect dialect : {Dialect::nu, Dialect::powershell, Dialect::cmd})
        EXPECT_EQ(line_for(dialect, "\xff"), "refused");
    EXPECT_EQ(line_for(Dialect::cmd, "C:\\a b"), "set \"A=C:\\a b\"\n");
    for (const std::string_view value : {"", "%PATH%", "a\"b", "a\nb", "!x!", "a&b", "\xc3\xa4"})
        EXPECT_EQ(line_for(Dialect::cmd, value), "refused") << value;
    EXPECT_EQ(line_for(Dialect::cmd, std::string(8'182, 'x')).size(), 8'191U); // with its line end
    EXPECT_EQ(line_for(Dialect::cmd, std::string(8'183, 'x')), "refused");
}

// A literal ends at four more characters than ', and a pipe hands the text over line by line.
TEST(Script, GivesPowerShellOneLineOfAsciiAVariable) {
    EXPECT_EQ(line_for(Dialect::powershell, "a b$x`"), "${env:A}='a b$x`'\n");
    const std::string decode =
        "${env:A}=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('";
    EXPECT_EQ(line_for(Dialect::powershell, "it's"), decode + "aXQncw=='))\n");
    EXPECT_EQ(line_for(Dialect::powershell, "it\u2019s"), decode + "aXTigJlz'))\n");
    EXPECT_EQ(line_for(Dialect::powershell, "a\n\nb"), decode + "YQoKYg=='))\n");
    EXPECT_EQ(line_for(Dialect::powershell, "\x7f"), decode + "fw=='))\n");
}

// As numbers, truths or colours they would not come out as they went in.
TEST(Script, GivesXonshTextForNamesThatItGivesATypeOfItsOwn) {
    if (path_of("xonsh").empty()) GTEST_SKIP() << "xonsh is not installed";
    const test::TemporaryFolder folder;
    Script script(Dialect::xonsh);
    const std::vector<std::string> names{
        "AUTO_PUSHD",          "DOTGLOB",   "LS_COLORS", "MOUSE_SUPPORT",
        "PTK_STYLE_OVERRIDES", "SOME_DIRS", "UNKNOWN"};
    for (const std::string& name : names)
        EXPECT_TRUE(script.set(name, view("9x:~")));
    write_whole(folder.path() / "script", script.finish());
    const std::string command = "cd '" + folder.path().string() + "' && HOME=. " +
                                path_of("xonsh") +
                                " --no-rc -c 'execx($(cat script)); ![env -0]; del $UNKNOWN; "
                                "assert \"UNKNOWN\" not in ${...}' > out 2> err";
    ASSERT_EQ(std::system(command.c_str()), 0) << read_whole(folder.path() / "err");
    const std::string seen = '\0' + read_whole(folder.path() / "out");
    for (const std::string& name : names)
        EXPECT_NE(seen.find('\0' + name + "=9x:~" + '\0'), std::string::npos) << name;
}

TEST(Script, GivesNuOneObjectAndAListForPath) {
    Script script(Dialect::nu);
    script.set("A", view("\"\\\n\u2019"));
    script.set("PATH", view("/a:/b"));
    script.unset("B");
    EXPECT_EQ(script.finish(), "{\n\"A\": \"\\\"\\\\\\n\\u2019\",\n\"PATH\": [\"/a\", \"/b\"],\n"
                               "\"B\": null\n}\n");
}

TEST(Script, GivesTmuxWhatItReadsBack) {
    if (path_of("tmux").empty()) GTEST_SKIP() << "tmux is not installed";
    const test::TemporaryFolder folder;
    Script script(Dialect::tmux);
    const std::string value = "\xff\n'\"$HOME#{pid}%1~;\\ end\n";
    script.set("V_A", view(value));
    script.set("V_GONE", view("x"));
    script.unset("V_GONE");
    write_whole(folder.path() / "script", script.finish());
    // A server that nobody uses ends of itself, so one command sets and shows.
    const std::string command =
        "cd '" + folder.path().string() +
        "' && env -u TMUX tmux -S s -f script "
        "new-session -d 'env -0 > out.new; mv out.new out' \\; wait-for ever 2> err & "
        "for i in $(seq 300); do test -e '" +
        (folder.path() / "out").string() +
        "' && break; sleep 0.1; done; kill $! 2> /dev/null; wait";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const std::string seen = '\0' + read_whole(folder.path() / "out");
    EXPECT_NE(seen.find(std::string(1, '\0') + "V_A=" + value + '\0'), std::string::npos);
    EXPECT_EQ(seen.find("V_GONE"), std::string::npos);
}

} // namespace
} // namespace envmesh::cli
