// SPDX-License-Identifier: MIT
#include "platform/child.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace envmesh::platform {
namespace {

constexpr std::size_t most = 1000;

Result<Secret> said_by(const std::string& script,
                       std::chrono::milliseconds patience = std::chrono::minutes(1)) {
    const std::vector<std::string> words{"sh", "-c", script};
    return output_of(words, most, std::chrono::steady_clock::now() + patience);
}

TEST(OutputOf, IsAllThatAProgramWrites) {
    EXPECT_EQ(said_by("printf 'a\\n\\0b'; cat; echo no >&2")->reveal_text(),
              std::string_view("a\n\0b", 4));
    EXPECT_EQ(said_by("head -c 1000 /dev/zero")->size(), most);
}

TEST(OutputOf, IsNothingOfAProgramThatFailsOrDoesNotEnd) {
    EXPECT_EQ(said_by("echo a; exit 1").error().code, Code::internal);
    EXPECT_EQ(said_by("head -c 1001 /dev/zero").error().code, Code::invalid);
    EXPECT_EQ(said_by("echo a; exec sleep 600", std::chrono::milliseconds(200)).error().code,
              Code::timeout);
    const std::vector<std::string> nobody{"no-such-program-4711"};
    EXPECT_EQ(output_of(nobody, most, std::chrono::steady_clock::now()).error().code,
              Code::not_found);
}

TEST(OutputOf, CanBeOfAProgramWithAnEnvironmentOfItsOwn) {
    ::setenv("ENVMESH_TEST_TOKEN", "canary-7117", 1);
    ::setenv("LC_TEST", "kept", 1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const auto said = output_of(Program{{"env"}, plain_environment()}, 100'000, deadline);
    ::unsetenv("ENVMESH_TEST_TOKEN");
    ::unsetenv("LC_TEST");
    ASSERT_TRUE(said);
    EXPECT_FALSE(said->reveal_text().contains("canary-7117"));
    EXPECT_TRUE(said->reveal_text().contains("LC_TEST=kept\n"));
    EXPECT_TRUE(said->reveal_text().contains("PATH="));
}

} // namespace
} // namespace envmesh::platform
