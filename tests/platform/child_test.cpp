// SPDX-License-Identifier: MIT
#include "platform/child.h"

#include <gtest/gtest.h>

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

} // namespace
} // namespace envmesh::platform
