// SPDX-License-Identifier: MIT
#include "core/config/config.h"
#include "core/config/project.h"
#include "core/config/settings.h"

#include <gtest/gtest.h>

namespace envmesh::config {
namespace {

std::string why(std::string_view toml) {
    const auto config = parse(toml, "c");
    return config ? "" : config.error().message;
}

TEST(ConfigDocument, TakesTextBeyondAsciiWhereItMayStand) {
    // Of each of these the parser's own tables say something else.
    for (const std::string letters : {"é", "ª", "ϡ", "日本語", "𝕏", "\u200d", "\U000e0100", "ﬀ"}) {
        const auto config = parse("# " + letters + "\n[vault] # " + letters +
                                      "\nkey_file = \"/home/" + letters + "/@key\" # " + letters,
                                  "c");
        ASSERT_TRUE(config) << config.error().message;
        EXPECT_EQ(config->key_file.string(), "/home/" + letters + "/@key");
    }
    EXPECT_EQ(parse("[vault]\nkey_file = '/\\é'", "c")->key_file, "/\\é");
    EXPECT_EQ(parse(R"([vault]
key_file = "/\u0040\u00e9@é")",
                    "c")
                  ->key_file,
              "/@é@é");
}

TEST(ConfigDocument, SaysInWhichLineTextMayNotStand) {
    EXPECT_EQ(why("[log]\n\nlevel = é\n"), "c:3: This is not valid TOML.");
    EXPECT_EQ(why("[log]\né = 1\n"), "c:2: This is not valid TOML.");
    EXPECT_EQ(why("[log]\n\"é\" = 1\n"), R"(c:2: There is no key "??" in [log].)");
    EXPECT_EQ(why("[\"é\"]\n"), R"(c:1: There is no section "??".)");
    EXPECT_EQ(why("# \n# \n# \xe9\n"), "c:3: This is not valid TOML: it is not UTF-8.");
    EXPECT_EQ(why(std::string("\n\0[log]", 7)), "c:2: This is not valid TOML: it has a zero byte.");
    EXPECT_TRUE(why("[log]\nlevel = \n").starts_with("c:2: This is not valid TOML: "));
}

TEST(ConfigDocument, TakesAByteOrderMarkAndReturns) {
    EXPECT_EQ(parse("\xef\xbb\xbf[log]\r\nlevel = \"debug\"\r\n", "c")->log_level, "debug");
    EXPECT_EQ(parse("\xef\xbb\xbf", "c")->log_level, "info");
    EXPECT_NE(why("\xef\xbb\xbf\xef\xbb\xbf"), "");
}

TEST(ConfigDocument, OfAProjectIsReadInTheSameWay) {
    const auto project = parse_project("# é ª ϡ\nprofile = \"dev\" # 日本\n", "p");
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_EQ(project->profile, "dev");
    EXPECT_EQ(parse_project("\nprofile = é", "p").error().message, "p:2: This is not valid TOML.");
}

} // namespace
} // namespace envmesh::config
