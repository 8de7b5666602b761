// SPDX-License-Identifier: MIT
#include "core/config/ascii.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace envmesh::config {
namespace {

TEST(ConfigAscii, ThereAndBackIsTheSame) {
    std::string every;
    for (int byte = 0; byte < 256; ++byte)
        every += static_cast<char>(byte);
    for (const std::string& text : {every, std::string("@@40@"), std::string("é@"), std::string()})
        for (const char mark : {'@', '$'}) {
            const std::string ascii = to_ascii(text, mark);
            EXPECT_TRUE(std::ranges::all_of(ascii, [](char c) { return c >= 0; }));
            EXPECT_EQ(from_ascii(ascii, mark), text);
        }
    EXPECT_EQ(to_ascii("a@é", '@'), "a@40@c3@a9");
}

TEST(ConfigAscii, AMarkWithoutDigitsIsItself) {
    for (const std::string text : {"@", "a@", "@4", "@zz", "@@"})
        EXPECT_EQ(from_ascii(text, '@'), text);
}

TEST(ConfigAscii, NoEscapeMakesTheMark) {
    EXPECT_EQ(mark_for(""), '@');
    EXPECT_EQ(mark_for("@"), '@');
    EXPECT_EQ(mark_for(R"("\u0040")"), '!');
    EXPECT_EQ(mark_for(R"("\U00000040\u0021")"), '%');
    EXPECT_EQ(mark_for(R"("\u0040\u0021\u0025\u0026\u0060\u0024")"), std::nullopt);
}

} // namespace
} // namespace envmesh::config
