// SPDX-License-Identifier: MIT
// What the npm package "dotenv" makes of each text; tests/e2e/test_formats.py asks the package
// itself.
#include "cli/formats/formats.h"
#include "tests/cli/hostile_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace envmesh::cli::formats {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(const Result<Entries>& entries) {
    Pairs out;
    if (!entries) return {{"refused", entries.error().message}};
    for (const Entry& entry : *entries)
        out.emplace_back(entry.key, entry.value.reveal_text());
    return out;
}

Pairs read_text(std::string_view text) { return pairs(read("dotenv", view(text), "a.env")); }

std::string value(std::string_view text) {
    const Pairs all = read_text(text);
    return all.size() == 1 ? all.front().second : std::to_string(all.size()) + " variables";
}

TEST(Dotenv, ReadsNamesAsThePackageDoes) {
    EXPECT_EQ(read_text("A=1\nexport B=2\n  C = 3 \nD: 4\nA-b.c=5\n"),
              (Pairs{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", "4"}, {"A-b.c", "5"}}));
    EXPECT_EQ(read_text("A\n=1"), (Pairs{{"A", "1"}}));
    EXPECT_EQ(read_text("export=1\nexport  export=2"), (Pairs{{"export", "2"}}));
    EXPECT_EQ(read_text("# A=1\n\n  # B=2\nC"), Pairs{});
    EXPECT_EQ(read_text("not one\nA=1\n=2\nB:2\n"), (Pairs{{"A", "1"}}));
    EXPECT_EQ(read_text("A=1\nB=2\nA=3"), (Pairs{{"A", "3"}, {"B", "2"}}));
    EXPECT_EQ(read_text("A:\nB=1"), (Pairs{{"A", "B=1"}}));
    EXPECT_EQ(read_text(""), Pairs{});
    EXPECT_EQ(read_text("A="), (Pairs{{"A", ""}}));
}

TEST(Dotenv, ReadsValuesAsThePackageDoes) {
    EXPECT_EQ(value("A= spaces in it \t"), "spaces in it");
    EXPECT_EQ(value("A=a#b"), "a");
    EXPECT_EQ(value("A=#b"), "");
    EXPECT_EQ(value("A='#b' # c"), "#b");
    EXPECT_EQ(value("A=\"a\\nb\\rc\\td\""), "a\nb\rc\\td");
    EXPECT_EQ(value("A='a\\nb'"), "a\\nb");
    EXPECT_EQ(value("A='a\nb'"), "a\nb");
    EXPECT_EQ(value("A=\n'a'"), "a");
    EXPECT_EQ(value("A=`it's \"x\"`"), "it's \"x\"");
    EXPECT_EQ(value("A='it's'"), "it's");
    EXPECT_EQ(value("A='a\\'b'"), "a\\'b");
    EXPECT_EQ(value("A='a\\'"), "a\\");
    EXPECT_EQ(value("A='a\\'b"), "'a\\'b");
    EXPECT_EQ(value("A='a' b"), "'a' b");
    EXPECT_EQ(value("A=\"a\\nb' # c"), "\"a\nb'");
    EXPECT_EQ(value("A='{\"a\":\"b#c\"}'"), "{\"a\":\"b#c\"}");
    EXPECT_EQ(value("A=\xc2\xa0x\xe3\x80\x80"), "x");
    EXPECT_EQ(value("A=x\xe2\x80\xa8'y'"), "x\xe2\x80\xa8y");
}

TEST(Dotenv, AQuoteThatIsNotClosedInItsValueTakesTheNextLines) {
    EXPECT_EQ(read_text("A='a\\'\nB='\n"), (Pairs{{"A", "a\\'\nB="}}));
    EXPECT_EQ(read_text("A='a\\'\nB='b'\n"), (Pairs{{"A", "a\\"}, {"B", "b"}}));
}

TEST(Dotenv, LineEndsOfEverySystemAndAByteOrderMark) {
    EXPECT_EQ(read_text("\xef\xbb\xbf"
                        "A=1\r\nB='x\r\ny'\rC=3\r"),
              (Pairs{{"A", "1"}, {"B", "x\ny"}, {"C", "3"}}));
}

TEST(Dotenv, WhatIsNotUtf8IsRefusedByItsLine) {
    const auto refused = read("dotenv", view("A=1\nB=S3cret\xff\n"), "a.env");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_EQ(refused.error().message, "a.env:2: This is not UTF-8.");
}

std::string written_text(std::string_view value) {
    Entries one;
    one.push_back({"A", Secret(value)});
    const auto text = write("dotenv", one);
    return text ? std::string(text->reveal_text()) : "refused: " + text.error().message;
}

TEST(Dotenv, WritesTheSimplestFormThatIsReadBack) {
    EXPECT_EQ(written_text(""), "A=''\n");
    EXPECT_EQ(written_text("a $b"), "A='a $b'\n");
    EXPECT_EQ(written_text("a\nb"), "A='a\nb'\n");
    EXPECT_EQ(written_text("it's"), "A=\"it's\"\n");
    EXPECT_EQ(written_text("a\rb"), "A=\"a\\rb\"\n");
    EXPECT_EQ(written_text("it's \\n"), "A=`it's \\n`\n");
    EXPECT_EQ(written_text("x'\"`"), "A=x'\"`\n");
    EXPECT_EQ(written_text("'\"`x"), "A=''\"`x'\n");
    EXPECT_EQ(written_text("a\\"), "A=a\\\n"); // a quote after it would be escaped
    const std::string refused = written_text("'\"`#\n");
    EXPECT_TRUE(refused.starts_with("refused: The value of \"A\" has quotes")) << refused;
}

// A value that only its neighbours could spoil is written; when they do, it is named.
TEST(Dotenv, NeighboursAreLookedAt) {
    Entries entries;
    entries.push_back({"A", Secret("it\"s `#\n\\")});
    ASSERT_TRUE(write("dotenv", entries));
    entries.push_back({"B", Secret("\n\"`")});
    const auto spoilt = write("dotenv", entries);
    ASSERT_FALSE(spoilt);
    EXPECT_NE(spoilt.error().message.find("\"A\""), std::string::npos) << spoilt.error().message;
}

TEST(Dotenv, HostileValuesComeBackTogetherOrAreRefused) {
    Entries kept;
    std::size_t refused = 0;
    for (const std::string& value : test::hostile_values()) {
        Entries one;
        one.push_back({"V_" + std::to_string(kept.size()), Secret(value)});
        const auto alone = write("dotenv", one);
        if (!alone) {
            ++refused;
            EXPECT_EQ(alone.error().code, Code::invalid);
            continue;
        }
        ASSERT_EQ(pairs(read("dotenv", alone->reveal(), "")), (Pairs{{one[0].key, value}}));
        if (!value.ends_with('\\')) kept.push_back(std::move(one.front()));
    }
    EXPECT_GT(kept.size(), 200U);
    EXPECT_GT(refused, 200U); // most are not UTF-8
    const auto together = write("dotenv", kept);
    ASSERT_TRUE(together) << together.error().message;
    Pairs expected;
    for (const Entry& entry : kept)
        expected.emplace_back(entry.key, entry.value.reveal_text());
    EXPECT_EQ(pairs(read("dotenv", together->reveal(), "")), expected);
}

// Not a measurement: what is quadratic takes hours here.
TEST(Dotenv, ManyQuotesThatNeverCloseAreReadInLinearTime) {
    std::string text;
    for (int i = 0; i < 400'000; ++i)
        text += "A" + std::to_string(i) + "='\\'x\n";
    EXPECT_EQ(read_text(text).size(), 400'000U);
}

} // namespace
} // namespace envmesh::cli::formats
