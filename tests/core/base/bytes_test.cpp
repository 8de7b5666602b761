// SPDX-License-Identifier: MIT
#include "core/base/bytes.h"

#include <gtest/gtest.h>

namespace envmesh {
namespace {

TEST(Bytes, Base32HasTheVectorsOfRfc4648) {
    EXPECT_EQ(base32(view("foobar")), "mzxw6ytboi");
    EXPECT_EQ(base32(view("fo")), "mzxq");
    EXPECT_EQ(from_base32("mzxw6ytboi"), to_bytes(view("foobar")));
}

TEST(Bytes, DecodersAcceptOneTextForGivenBytes) {
    EXPECT_EQ(from_base32("mzxr"), std::nullopt); // left-over bits set
    EXPECT_EQ(from_base32("MZXQ"), std::nullopt);
    EXPECT_EQ(from_hex("AB"), std::nullopt);
    EXPECT_EQ(from_hex("abc"), std::nullopt);
    EXPECT_EQ(from_base64("Zg"), std::nullopt);
    EXPECT_EQ(from_base64("Zg=="), to_bytes(view("f")));
    EXPECT_EQ(from_base64("Zh=="), std::nullopt);
}

TEST(Bytes, Utf8RefusesOverlongFormsAndSurrogates) {
    EXPECT_TRUE(is_utf8(view("plain, \xc3\xa9, \xe2\x82\xac, \xf0\x9f\x92\xa9")));
    EXPECT_FALSE(is_utf8(view("\xc0\xaf")));
    EXPECT_FALSE(is_utf8(view("\xed\xa0\x80")));
    EXPECT_FALSE(is_utf8(view("\xf4\x90\x80\x80")));
    EXPECT_FALSE(is_utf8(view("\xe2\x82")));
}

} // namespace
} // namespace envmesh
