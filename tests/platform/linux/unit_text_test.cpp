// SPDX-License-Identifier: MIT
#include "platform/linux/unit_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envmesh::platform {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(UnitText, HoldsTheProgramAsSystemdReadsIt) {
    EXPECT_THAT(*service_text("/opt/x/envmesh-daemon"),
                HasSubstr("\nExecStart=:/opt/x/envmesh-daemon\n"));
    EXPECT_THAT(*service_text("/a b/100%/$HOME/d"),
                HasSubstr("\nExecStart=:\"/a b/100%%/$HOME/d\"\n"));
    EXPECT_THAT(*service_text("/opt/x/envmesh-daemon"), Not(HasSubstr("/usr/bin")));
    // What systemd itself does not start, however it is quoted.
    for (const std::string path :
         {"/a\"b", "/a'b", "/a\\b", "/a\nb", "/a\tb", "/a\x7f", "/a\xff", "a", ""})
        EXPECT_EQ(service_text(path).error().code, Code::invalid) << path;
}

TEST(UnitText, HoldsTheProgramAsTheDesktopReadsIt) {
    EXPECT_THAT(*desktop_text("/opt/x/d"), HasSubstr("\nExec=/opt/x/d --log-to-file\n"));
    EXPECT_THAT(*desktop_text("/a b/100%/d"), HasSubstr("\nExec=\"/a b/100%%/d\" --log-to-file\n"));
    EXPECT_THAT(*desktop_text("/$x/`/\"/\\"),
                HasSubstr("\nExec=\"/\\\\$x/\\\\`/\\\\\"/\\\\\\\\\" --log-to-file\n"));
    for (const std::string path : {"/a=b", "/a\nb", "/a\xff", "a"})
        EXPECT_EQ(desktop_text(path).error().code, Code::invalid) << path;
}

TEST(UnitText, TheProgramIsReadBackFromBoth) {
    for (const std::string path :
         {"/d", "/a b/d", "/100%/%%/d", "/$HOME/d", "/;/#/é", "/usr/bin/envmesh-daemon"}) {
        EXPECT_EQ(program_of(*service_text(path)), path);
        EXPECT_EQ(program_of(*desktop_text(path)), path);
    }
    for (const std::string path : {"/`/d", "/a\"b", "/a'b", "/\\/\\\\", "/a\\$b c"})
        EXPECT_EQ(program_of(*desktop_text(path)), path);
    EXPECT_EQ(program_of("[Service]\nExecStart=-/x/d --flag\nExecStart=/other\n"), "/x/d");
    EXPECT_EQ(program_of("#ExecStart=/no\n"), "");
    EXPECT_EQ(program_of("ExecStart="), "");
    EXPECT_EQ(program_of("ExecStart=\"/open"), "/open");
    EXPECT_EQ(program_of("Exec=\\"), "\\");
    EXPECT_EQ(program_of(""), "");
}

TEST(UnitText, TellsOursFromAPersonsChange) {
    const std::string ours = *service_text("/d");
    EXPECT_EQ(origin_of(ours), Origin::ours);
    EXPECT_EQ(origin_of(socket_text()), Origin::ours);
    EXPECT_EQ(origin_of(*desktop_text("/d")), Origin::ours);
    EXPECT_EQ(origin_of(ours + "\n"), Origin::changed);
    EXPECT_EQ(origin_of(ours.substr(0, ours.size() - 1)), Origin::changed);
    std::string edited = ours;
    edited.replace(edited.find("RestartSec=1"), 12, "RestartSec=2");
    EXPECT_EQ(origin_of(edited), Origin::changed);
    EXPECT_EQ(origin_of("# Written by envmesh-cli ("), Origin::changed);
    EXPECT_EQ(origin_of("# Written by envmesh-cli (0123"), Origin::changed);
    EXPECT_EQ(origin_of(ours.substr(ours.find('\n') + 1)), Origin::theirs);
    EXPECT_EQ(origin_of(""), Origin::theirs);
}

TEST(UnitText, PropertiesAreOfTheirUnit) {
    const auto units = properties_of("Id=a\nMainPID=7\nX=1=2\n\nId=b\nEmpty=\n");
    ASSERT_THAT(units, SizeIs(2));
    EXPECT_EQ(units[0].at("MainPID"), "7");
    EXPECT_EQ(units[0].at("X"), "1=2");
    EXPECT_EQ(units[1].at("Empty"), "");
    EXPECT_FALSE(units[1].contains("MainPID"));
}

TEST(UnitText, PropertiesOfWhateverIsSaid) {
    EXPECT_THAT(properties_of(""), IsEmpty());
    EXPECT_THAT(properties_of("\n\n\n"), IsEmpty());
    EXPECT_THAT(properties_of("=\n"), SizeIs(1));
    EXPECT_THAT(properties_of("no property"), SizeIs(1));
    EXPECT_EQ(properties_of("A=1\nA=2").front().at("A"), "1");
    EXPECT_THAT(properties_of(std::string(100'000, '\n') + "A=1"), SizeIs(1));
    EXPECT_THAT(properties_of(std::string("\0=\0\n", 4)), SizeIs(1));
}

} // namespace
} // namespace envmesh::platform
