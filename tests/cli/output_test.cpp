// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

TEST(Printable, EscapesWhatDrivesATerminal) {
    EXPECT_EQ(printable("plain \xc3\xa9 \xe2\x82\xac"), "plain \xc3\xa9 \xe2\x82\xac");
    EXPECT_EQ(printable("a\x1b[31m\n\r\t\x7f"), "a\\x1b[31m\\x0a\\x0d\\x09\\x7f");
    EXPECT_EQ(printable("\xc2\x9b\x31m"), "\\x9b1m"); // CSI in one character
    EXPECT_EQ(printable("a\xff\xc3"), "a\\xff\\xc3");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(printable("evil \u202etac\u200b"), "evil \\xe2\\x80\\xaetac\\xe2\\x80\\x8b");
    EXPECT_EQ(printable("\u2019\u2027\u205f"), "\u2019\u2027\u205f");
}

TEST(ValueField, KeepsEveryByte) {
    EXPECT_EQ(value_field(Secret("a\n")).name, "value");
    const Field raw = value_field(Secret("\xff"));
    EXPECT_EQ(raw.name, "value_b64");
    EXPECT_EQ(std::get<std::string>(raw.value), "/w==");
}

} // namespace
} // namespace envmesh::cli
