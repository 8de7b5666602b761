// SPDX-License-Identifier: MIT
#include "core/api/calls.h"

#include <gtest/gtest.h>

namespace envmesh::api {
namespace {

std::string refusal(std::string_view json) {
    const auto decoded = decode_request(view(json));
    if (decoded) return "accepted";
    EXPECT_EQ(decoded.error().code, Code::protocol);
    EXPECT_FALSE(decoded.error().fix.empty());
    return decoded.error().message;
}

TEST(Decode, RefusesRequestsThatAreNotWhatTheySay) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"call":"status"})", "\"id\" is missing"},
        {R"({"id":1})", "\"call\" is missing"},
        {R"({"id":-1,"call":"status"})", "\"id\" is out of range"},
        {R"({"id":1.5,"call":"status"})", "\"id\" is not a whole number"},
        {R"({"id":"1","call":"status"})", "\"id\" is not a whole number"},
        {R"({"id":99999999999999999999,"call":"status"})", "\"id\" is not a whole number"},
        {R"({"id":1,"call":5})", "\"call\" is not text"},
        {R"({"id":1,"call":"no-such"})", "the call \"no-such\" is unknown"},
        {R"({"id":1,"call":"S3cret=x"})", "the call is unknown"},
        {R"({"id":1,"call":"get"})", "\"key\" is missing"},
        {R"({"id":1,"call":"get","key":["K"]})", "\"key\" is not text"},
        {R"({"id":1,"call":"unlock"})", "\"password\" is missing"},
        {R"({"id":1,"call":"unlock","password":{"a":1}})", "\"password\" is not text"},
        {R"({"id":1,"call":"unlock","password":"a","password_b64":"YQ=="})", "is given twice"},
        {R"({"id":1,"call":"unlock","password_b64":"Y"})", "\"password\" is not base64"},
        {R"({"id":1,"call":"set","items":{}})", "\"items\" is not a list"},
        {R"({"id":1,"call":"set","items":[1]})", "is not an object"},
        {R"({"id":1,"call":"set","items":[{"key":"A"}]})", "\"value\" is missing"},
        {R"({"id":1,"call":"delete","keys":["A",null]})", "\"keys\" is not text"},
        {R"({"id":1,"call":"sync","wait_ms":4294967296})", "\"wait_ms\" is out of range"},
        {R"({"id":1,"call":"sync","wait_ms":-1})", "\"wait_ms\" is out of range"},
        {R"({"id":1,"call":"invite-answer","yes":1})", "\"yes\" is not true or false"},
    };
    for (const auto& [json, why] : cases)
        EXPECT_NE(refusal(json).find(why), std::string::npos) << json << refusal(json);
}

TEST(Decode, NeverRepeatsAValue) {
    for (const std::string_view json :
         {R"({"id":1,"call":"unlock","password":"S3cret)", R"({"id":1,"call":"unlock","S3cret":})",
          R"({"id":"S3cret","call":"unlock"})", R"({"id":1,"call":"S3cret"})",
          R"({"id":1,"call":"set","items":["S3cret"]})"})
        EXPECT_EQ(refusal(json).find("S3cret"), std::string::npos);
}

TEST(Decode, IgnoresFieldsOfANewerVersion) {
    const auto decoded =
        decode_request(view(R"({"id":1,"call":"get","key":"K","since":{"a":[1,2]}})"));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<Get>(decoded->request).key, "K");
}

TEST(Decode, FindsTheIdOfWhatItRefused) {
    EXPECT_EQ(id_of(view(R"({"id":12,"call":"no-such"})")), 12U);
    EXPECT_EQ(id_of(view(R"({"id":-12})")), 0U);
    EXPECT_EQ(id_of(view("{")), 0U);
}

TEST(Decode, RefusesRepliesToAnotherQuestion) {
    EXPECT_FALSE(decode_reply(view(R"({"id":1,"ok":true})"), Get()));
    EXPECT_FALSE(decode_reply(view(R"({"ok":true})"), Lock()));
    EXPECT_FALSE(decode_reply(view(R"({"id":1})"), Lock()));
    EXPECT_FALSE(decode_reply(view(R"({"id":1,"ok":false})"), Lock()));
    EXPECT_FALSE(decode_reply(view(R"({"id":1,"error":"x"})"), Lock()));
    const auto unknown = decode_reply(view(R"({"id":1,"error":{"code":"NEW"}})"), Lock());
    ASSERT_TRUE(unknown && !unknown->reply);
    EXPECT_EQ(unknown->reply.error().code, Code::internal);
    EXPECT_FALSE(unknown->reply.error().message.empty());
}

TEST(Decode, RefusesHellosWithoutARange) {
    for (const std::string_view json :
         {R"({})", R"({"hello":1})", R"({"hello":{}})", R"({"hello":{"protocol":1}})",
          R"({"hello":{"protocol":[1]}})", R"({"hello":{"protocol":[2,1]}})",
          R"({"hello":{"protocol":[1,-1]}})", R"({"hello":{"protocol":[1,1e9]}})",
          R"({"hello":{"protocol":[1,99999999999]}})", R"({"hello":{"protocol":[1,1],"role":5}})"})
        EXPECT_FALSE(decode_hello(view(json))) << json;
}

} // namespace
} // namespace envmesh::api
