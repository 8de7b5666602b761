// SPDX-License-Identifier: MIT
#include "core/api/tree.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace envmesh::api {
namespace {

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
    std::string out;
    for (std::size_t i = 0; i < depth; ++i)
        out += open;
    out += '1';
    for (std::size_t i = 0; i < depth; ++i)
        out += close;
    return out;
}

TEST(Tree, RefusesWhatIsNotOneJsonObject) {
    for (const std::string_view body :
         {"", "{", "[]", "1", "null", "{}{}", "{\"a\":1,}", "{\"a\":1e999}", "{\"a\":NaN}",
          "{'a':1}", "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\xed\xa0\x80\"}", "\x01",
          "{\"a\":\"\x01\"}", "{}\x01", "// comment\n{}"})
        EXPECT_FALSE(parse(view(body))) << body;
    using namespace std::string_view_literals;
    EXPECT_FALSE(parse(view("{}\0{}"sv)));
    EXPECT_FALSE(parse(view("{}\0"sv)));
    EXPECT_TRUE(parse(view(" {\"a\":[1,-2,\"\\u0000\"]} ")));
}

TEST(Tree, RefusesTwoFieldsOfOneNameAtAnyDepth) {
    EXPECT_FALSE(parse(view(R"({"a":1,"a":1})")));
    EXPECT_FALSE(parse(view(R"({"a":[{"b":1},{"b":1,"c":{},"b":2}]})")));
    EXPECT_FALSE(parse(view(R"({"a":1,"\u0061":2})")));
    EXPECT_TRUE(parse(view(R"({"a":{"a":[{"a":1},{"a":1}]},"b":1})")));
}

TEST(Tree, IsAtMost32Deep) {
    EXPECT_TRUE(parse(view("{\"a\":" + nested(31, "[", "]") + '}')));
    EXPECT_FALSE(parse(view("{\"a\":" + nested(32, "[", "]") + '}')));
    EXPECT_TRUE(parse(view(nested(32, "{\"a\":", "}"))));
    EXPECT_FALSE(parse(view(nested(33, "{\"a\":", "}"))));
    EXPECT_FALSE(parse(view("{\"a\":" + nested(500'000, "[", "]") + '}')));
}

TEST(Tree, DumpLeavesNothingBehind) {
    nlohmann::json tree = {{"a", "S3cret"}, {"b", {"S3cret"}}};
    EXPECT_EQ(dump_and_wipe(tree).reveal_text(), R"({"a":"S3cret","b":["S3cret"]})");
    EXPECT_TRUE(tree.is_null());
}

} // namespace
} // namespace envmesh::api
