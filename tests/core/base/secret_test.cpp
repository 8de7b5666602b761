// SPDX-License-Identifier: MIT
#include "core/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace envmesh {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_copy_constructible_v<Key> && !std::is_copy_assignable_v<Key>);

bool is_zero(View bytes) {
    return std::ranges::all_of(bytes, [](auto byte) { return byte == 0; });
}

TEST(Secret, MovingLeavesNothingBehind) {
    Secret first(std::string_view("short"));
    const Secret second(std::move(first));
    EXPECT_EQ(second.reveal_text(), "short");
    EXPECT_TRUE(first.empty()); // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_TRUE(first.reveal().empty());
}

TEST(Secret, AssignmentReplacesAndSurvivesItself) {
    Secret secret(std::string_view("old"));
    secret = Secret(std::string_view("newer"));
    EXPECT_EQ(secret.reveal_text(), "newer");
    Secret& same = secret;
    secret = std::move(same);
    EXPECT_EQ(secret.reveal_text(), "newer");
}

TEST(Secret, EqualMeansSizeAndBytes) {
    const Secret one(std::string_view("value"));
    EXPECT_TRUE(one == one.copy());
    EXPECT_FALSE(one == Secret(std::string_view("valuE")));
    EXPECT_FALSE(one == Secret(std::string_view("valu")));
    EXPECT_TRUE(Secret() == Secret(std::string_view("")));
}

TEST(Secret, IsZeroUntilFilled) {
    Secret secret(16);
    EXPECT_TRUE(is_zero(secret.reveal()));
    secret.writable()[15] = 7;
    EXPECT_EQ(secret.reveal()[15], 7);
}

TEST(Key, IsZeroUntilFilledAndComparesBytes) {
    Key key;
    EXPECT_TRUE(is_zero(key.reveal()));
    key.writable()[31] = 1;
    const Key same = key.copy();
    EXPECT_TRUE(key == same);
    EXPECT_FALSE(key == Key());
}

TEST(Wipe, LeavesZerosAndAnEmptyText) {
    Bytes bytes{1, 2, 3};
    wipe(bytes);
    EXPECT_TRUE(is_zero(bytes));
    wipe(std::span<std::uint8_t>());

    std::string small = "fifteen letters"; // stays inside the object, so it may be looked at
    const char* where = small.data();
    wipe(small);
    EXPECT_TRUE(small.empty());
    EXPECT_EQ(where[0], '\0');
    EXPECT_EQ(small, "");
}

} // namespace
} // namespace envmesh
