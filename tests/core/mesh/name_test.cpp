// SPDX-License-Identifier: MIT
#include "core/mesh/name.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

TEST(Name, RefusesWhatATerminalWouldObey) {
    EXPECT_TRUE(is_name("Ada's laptop", 64));
    EXPECT_TRUE(is_name("\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbb", 64));
    for (const std::string_view bad :
         {"", "a\nb", "\x1b[2J", "a\x7f",
          "\xc2\x9b"
          "2J",
          "\xe2\x80\xae"
          "gpj",
          "\xe2\x81\xa6", "\xe2\x80\xa8", "\xd8\x9c", "\xff", "\xc3", "\xed\xa0\x80"})
        EXPECT_FALSE(is_name(bad, 64)) << hex(view(bad));
    EXPECT_FALSE(is_name(std::string_view("a\0b", 3), 64));
    EXPECT_TRUE(is_name(std::string(64, 'a'), 64));
    EXPECT_FALSE(is_name(std::string(65, 'a'), 64));
}

TEST(Name, OurOwnTextIsMadeFit) {
    EXPECT_EQ(fit_name("a\n\xff"
                       "b",
                       64),
              "ab");
    EXPECT_EQ(fit_name("ab\xe2\x82\xac", 4), "ab"); // never half a character
    EXPECT_EQ(fit_name("\x1b", 64), "unnamed");
    EXPECT_TRUE(is_name(fit_name(std::string(500, '\xe2'), 64), 64));
}

} // namespace
} // namespace envmesh::mesh
