// SPDX-License-Identifier: MIT
#include "cli/prompt.h"

#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

using std::chrono::milliseconds;

TEST(Duration, HasAUnitAndALimit) {
    EXPECT_EQ(parse_duration("--x", "250ms"), milliseconds(250));
    EXPECT_EQ(parse_duration("--x", "10s"), milliseconds(10'000));
    EXPECT_EQ(parse_duration("--x", "10"), milliseconds(10'000));
    EXPECT_EQ(parse_duration("--x", "24h"), milliseconds(86'400'000));
    for (const std::string_view text :
         {"", "s", "-1s", "1.5s", "10 s", "25h", "4294967295h", "99999999999", "1d", "10s "}) {
        const auto refused = parse_duration("--x", text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, Code::usage);
    }
    for (const std::string_view text : {"25h", "99999999999"})
        EXPECT_EQ(parse_duration("--x", text).error().message, "--x is longer than 24h.");
}

TEST(PasswordFile, LosesOneLineEndAndNothingElse) {
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "password";
    const auto read = [&](std::string_view contents) {
        test::write_whole(file, contents);
        const auto password = password_from(file);
        return password ? std::string(password->reveal_text()) : "refused";
    };
    EXPECT_EQ(read("pass word"), "pass word");
    EXPECT_EQ(read("pw\n"), "pw");
    EXPECT_EQ(read("pw\r\n"), "pw");
    EXPECT_EQ(read("pw\r"), "pw\r");
    EXPECT_EQ(read(" pw \n\n"), " pw \n");
    EXPECT_EQ(read("\xff\n"), "\xff");
    EXPECT_EQ(read(""), "refused");
    EXPECT_EQ(read("\r\n"), "refused");
    EXPECT_EQ(password_from(folder.path() / "none").error().code, Code::not_found);
}

} // namespace
} // namespace envmesh::cli
