// SPDX-License-Identifier: MIT
#include "cli/glob.h"

#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

TEST(Glob, MatchesTheWholeName) {
    for (const auto& [pattern, name] :
         std::vector<std::pair<std::string_view, std::string_view>>{{"A", "A"},
                                                                    {"*", ""},
                                                                    {"*", "A"},
                                                                    {"A*", "A"},
                                                                    {"A*", "AB"},
                                                                    {"*_KEY", "A_KEY_KEY"},
                                                                    {"A?C", "ABC"},
                                                                    {"A*C*E", "ABCDCE"},
                                                                    {"**", "A"},
                                                                    {"*A?*", "xAA"},
                                                                    {"", ""}})
        EXPECT_TRUE(matches(pattern, name)) << pattern << ' ' << name;
    for (const auto& [pattern, name] :
         std::vector<std::pair<std::string_view, std::string_view>>{{"A", "AB"},
                                                                    {"A", "BA"},
                                                                    {"A", "a"},
                                                                    {"?", ""},
                                                                    {"A*", "BA"},
                                                                    {"*_KEY", "A_KEYS"},
                                                                    {"A?C", "AC"},
                                                                    {"A*C*E", "ACD"},
                                                                    {"", "A"},
                                                                    {"[A]", "A"},
                                                                    {"A.", "AB"}})
        EXPECT_FALSE(matches(pattern, name)) << pattern << ' ' << name;
    // In steps of their product, not of a power.
    EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*b", std::string(200, 'a')));
}

TEST(Glob, NoPatternsMeanEverything) {
    EXPECT_TRUE(matches(std::vector<std::string>{}, "A"));
    EXPECT_TRUE(matches(std::vector<std::string>{"B", "A"}, "A"));
    EXPECT_FALSE(matches(std::vector<std::string>{"B", "C"}, "A"));
}

} // namespace
} // namespace envmesh::cli
