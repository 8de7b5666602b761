// SPDX-License-Identifier: MIT
#include "cli/tmux.h"

#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

std::string read(std::string_view text) {
    std::string out;
    for (const auto& [name, value] : tmux_environment_from(text))
        out += name + "=[" + std::string(value.reveal_text()) + "]";
    return out;
}

TEST(TmuxEnvironment, IsReadAsTheServerWritesIt) {
    EXPECT_EQ(read("A=\"1\"; export A;\nunset GONE;\nE=\"\"; export E;\n"), "A=[1]E=[]");
    EXPECT_EQ(read("A=\"\\$x\\`y\\\"z\\\\w\nunset B;\xff\"; export A;\nB=\"2\"; export B;\n"),
              "A=[$x`y\"z\\w\nunset B;\xff]B=[2]");
}

TEST(TmuxEnvironment, EndsWhereSomethingElseIsWritten) {
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(read("unset A"), "");
    EXPECT_EQ(read("A=\"1\"; export A;\nno server\nB=\"2\"; export B;\n"), "A=[1]");
    EXPECT_EQ(read("A=\"1\"; export B;\n"), "");
    EXPECT_EQ(read("A=\"1\\"), "");
}

} // namespace
} // namespace envmesh::cli
