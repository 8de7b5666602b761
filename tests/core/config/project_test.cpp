// SPDX-License-Identifier: MIT
#include "core/config/project.h"

#include <gmock/gmock.h>

namespace envmesh::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// An error that names the file, the line and what is wrong.
void expect_refused(std::string_view toml, std::string_view where, std::string_view what) {
    const auto project = parse_project(toml, "p.toml");
    ASSERT_FALSE(project) << toml;
    EXPECT_EQ(project.error().code, Code::invalid);
    EXPECT_THAT(project.error().message, StartsWith(std::string(where))) << toml;
    EXPECT_THAT(project.error().message, HasSubstr(std::string(what))) << toml;
    EXPECT_THAT(project.error().fix, HasSubstr("profile = \"dev\""));
}

TEST(Project, IsReadWhole) {
    const auto project = parse_project("# ours\nprofile = \"dev-1.x_y\"\n"
                                       "required = [\n  \"DATABASE_URL\", 'lower', # why\n]\n",
                                       "p.toml");
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_EQ(project->profile, "dev-1.x_y");
    EXPECT_THAT(project->required, ElementsAre("DATABASE_URL", "lower"));
}

TEST(Project, EverythingMayBeLeftOut) {
    for (const char* toml : {"", "\n\n", "# nothing", "required = []", "\xef\xbb\xbf"}) {
        const auto project = parse_project(toml, "p.toml");
        ASSERT_TRUE(project) << toml << project.error().message;
        EXPECT_EQ(*project, Project{}) << toml;
    }
    EXPECT_THAT(parse_project("profile = 'a'", "p.toml")->required, IsEmpty());
}

TEST(Project, AKeyThatIsNotKnownIsNamedByItsLine) {
    expect_refused("profile = 'a'\n\nprofil = 'b'\n", "p.toml:3: ", "no such key");
    expect_refused("[profile]\n", "p.toml:1: ", "profile must be the name");
    expect_refused("profile = 'a'\n[section]\nx = 1\n", "p.toml:2: ", "no such key");
    expect_refused("A.b = 1", "p.toml:1: ", "no such key");
    expect_refused("profile = 'a'\nprofile = 'b'\n", "p.toml:2: ", "not valid TOML");
}

TEST(Project, AValueOfTheWrongTypeIsNamedByItsLine) {
    for (const char* value : {"7", "true", "1.5", "['dev']", "{a = 1}", "1979-05-27"})
        expect_refused("\nprofile = " + std::string(value), "p.toml:2: ", "name of a profile");
    for (const char* value : {"'A'", "7", "[1]", "['A', 1]", "[['A']]", "[{}]", "{A = 1}"})
        expect_refused("\n\nrequired = " + std::string(value), "p.toml:3: ", "list of names");
}

TEST(Project, ANameThatNobodyCanHaveIsRefused) {
    for (const char* name :
         {"", "a b", "a/b", "../x", "a\\u0000b", "a\\n", "caf\xc3\xa9", "$(x)"}) {
        const std::string quoted = '"' + std::string(name) + '"';
        expect_refused("profile = " + quoted, "p.toml:1: ", "name of a profile");
        expect_refused("required = [\"A\", " + quoted + "]", "p.toml:1: ", "list of names");
    }
    const std::string longest(255, 'a');
    EXPECT_TRUE(parse_project("profile = '" + longest + "'", "p.toml"));
    expect_refused("profile = 'a" + longest + "'", "p.toml:1: ", "name of a profile");
    EXPECT_TRUE(parse_project("required = ['" + longest + "']", "p.toml"));
    expect_refused("required = ['a" + longest + "']", "p.toml:1: ", "list of names");
}

TEST(Project, MayNotBeLongerThanAPersonWrites) {
    const std::string line = "profile = 'a' #";
    EXPECT_TRUE(parse_project(line + std::string(Project::most_bytes - line.size(), 'x'), "p"));
    const auto large = parse_project(line + std::string(Project::most_bytes, 'x'), "p.toml");
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, Code::invalid);
    EXPECT_THAT(large.error().message, HasSubstr("64 KiB"));
    std::string names;
    for (std::size_t i = 0; i < Project::most_required; ++i)
        names += "'A',";
    EXPECT_TRUE(parse_project("required = [" + names + "]", "p.toml"));
    expect_refused("required = [" + names + "'A']", "p.toml:1: ", "list of names");
}

TEST(Project, WhatIsNotUtf8IsRefused) {
    expect_refused("profile = 'a'\n# \xff\xfe\n", "p.toml:2: ", "not valid TOML");
    expect_refused("profile = \"a\xc3\"\n", "p.toml:1: ", "not valid TOML");
}

// With asserts on, as they are in a release, toml++ would end the daemon for some of these.
TEST(Project, HostileTextIsRefusedAndNothingEnds) {
    for (const char* text : {"[",
                             "[\n",
                             "[\nA= x\"\"\"\n",
                             "[[",
                             "[[\n]]",
                             "[]",
                             "[[]]",
                             "[.]",
                             "[a",
                             "[a.",
                             "=",
                             "a",
                             "a =",
                             "a = [",
                             "a = {",
                             "a = '",
                             "a = \"\\",
                             "a = \"\"\"",
                             "a = 1\nb",
                             "a = 0x",
                             "a = 1e",
                             "a = 1979-",
                             "a = \"\\u12",
                             "a = \"\\ud800\"",
                             "\"",
                             "'",
                             "a.",
                             "a.b.",
                             "\r",
                             "\x01",
                             "profile = 'a'\n[",
                             "required = [\n[",
                             "profile = [\nx\"\"\"\n"}) {
        const auto project = parse_project(text, "p.toml");
        ASSERT_FALSE(project) << text;
        EXPECT_EQ(project.error().code, Code::invalid) << text;
        EXPECT_THAT(project.error().message, StartsWith("p.toml")) << text;
    }
    EXPECT_FALSE(parse_project("a = " + std::string(60'000, '['), "p.toml"));
    EXPECT_FALSE(parse_project(std::string("profile = 'a'\n\0", 15), "p.toml"));
}

TEST(Project, AnErrorDoesNotRepeatTheText) {
    for (const char* text : {"A = S3cret", "S3cret = 1", "profile = 'S3cret x'", "[S3cret",
                             "required = ['S3cret x']", "S3cret"})
        EXPECT_THAT(parse_project(text, "p.toml").error().message, Not(HasSubstr("S3cret")))
            << text;
}

} // namespace
} // namespace envmesh::config
