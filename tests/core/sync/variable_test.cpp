// SPDX-License-Identifier: MIT
#include "core/sync/variable.h"

#include <gtest/gtest.h>

namespace envmesh::sync {
namespace {

const Dot own{DeviceId{5}, 1000};

Variable sample() {
    Variable out;
    out.visibility = Visibility::run;
    out.scope = "profile/work";
    out.name = "AWS_KEY";
    out.value = Secret("s3cret");
    out.context = {{DeviceId{1}, 10}, {DeviceId{5}, 999}};
    out.tags = {{1, {0x61}}, {200, {}}};
    return out;
}

Bytes plain(const Variable& variable) { return to_bytes(encode(variable).reveal()); }
bool decodes(View bytes) { return decode(bytes, own).has_value(); }

TEST(Variable, comes_back_as_it_was) {
    const Variable made = sample();
    const auto read = decode(encode(made).reveal(), own);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kind, made.kind);
    EXPECT_EQ(read->visibility, made.visibility);
    EXPECT_EQ(read->scope, made.scope);
    EXPECT_EQ(read->name, made.name);
    EXPECT_EQ(read->value, made.value);
    EXPECT_EQ(read->context, made.context);
    EXPECT_EQ(read->tags, made.tags);
}

TEST(Variable, a_size_says_little) {
    EXPECT_EQ(bucket(0), 256U);
    EXPECT_EQ(bucket(256), 256U);
    EXPECT_EQ(bucket(257), 512U);
    EXPECT_EQ(bucket(2049), 4096U);
    EXPECT_EQ(bucket(4097), 8192U);
    EXPECT_EQ(bucket(8193), 12288U);
    Variable tombstone = sample();
    tombstone.kind = Kind::tombstone;
    tombstone.value = {};
    EXPECT_EQ(encode(tombstone, 8192).size(), 8192U);
    EXPECT_TRUE(decode(encode(tombstone, 8192).reveal(), own).has_value());
}

TEST(Variable, has_one_encoding) {
    Bytes bytes = plain(sample());
    Bytes changed = bytes;
    changed.back() = 1;
    EXPECT_FALSE(decodes(changed)) << "padding that is not zero";
    changed = bytes;
    changed.resize(300);
    EXPECT_FALSE(decodes(changed)) << "a size that is no bucket";
    changed = bytes;
    changed[0] = 2;
    EXPECT_FALSE(decodes(changed)) << "an unknown kind";
    changed = bytes;
    changed[1] = 3;
    EXPECT_FALSE(decodes(changed)) << "an unknown visibility";
}

TEST(Variable, survives_any_truncation_and_any_byte) {
    const Bytes bytes = plain(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decodes(View(bytes).first(size)));
    for (std::size_t i = 0; i < bytes.size(); ++i)
        for (const int byte : {0x00, 0x01, 0x7f, 0xff}) {
            Bytes changed = bytes;
            changed[i] = static_cast<std::uint8_t>(byte);
            const auto read = decode(changed, own);
            EXPECT_TRUE(!read || plain(*read) == changed);
        }
}

TEST(Variable, refuses_a_context_that_is_not_of_the_past) {
    const auto with = [](Context context) {
        Variable variable = sample();
        variable.context = std::move(context);
        return decodes(plain(variable));
    };
    EXPECT_TRUE(with({}));
    EXPECT_FALSE(with({{DeviceId{1}, own.hlc}})) << "as late as the change itself (A3)";
    EXPECT_FALSE(with({{DeviceId{1}, 0}}));
    EXPECT_FALSE(with({{DeviceId{2}, 1}, {DeviceId{1}, 1}})) << "not sorted";
    EXPECT_FALSE(with({{DeviceId{1}, 1}, {DeviceId{1}, 2}})) << "twice";
    Context large;
    for (std::uint8_t high = 0; high < 2; ++high)
        for (int low = 0; low < 256; ++low)
            large.push_back({DeviceId{high, static_cast<std::uint8_t>(low)}, 1});
    EXPECT_FALSE(with(large));
}

TEST(Variable, refuses_what_no_environment_can_hold) {
    Variable variable = sample();
    variable.value = Secret(std::string_view("a\0b", 3));
    EXPECT_FALSE(decodes(plain(variable)));
    variable.value = Secret(std::string(most_value + 1, 'x'));
    EXPECT_FALSE(decodes(plain(variable)));
    variable.value = Secret(std::string(most_value, 'x'));
    EXPECT_TRUE(decodes(plain(variable)));
    variable.kind = Kind::tombstone;
    EXPECT_FALSE(decodes(plain(variable))) << "a deletion with a value";
    const auto refused = check_value("TOKEN", view(std::string_view("geheim\0", 7)));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_NE(refused.error().message.find("TOKEN"), std::string::npos);
    EXPECT_EQ(refused.error().message.find("geheim"), std::string::npos);
}

TEST(Variable, names_and_scopes) {
    EXPECT_TRUE(is_valid_name("_"));
    EXPECT_TRUE(is_valid_name(std::string(255, 'A')));
    for (const char* name : {"", "1A", "A-B", "A B", "A=B", "\xc3\x84", "A;"})
        EXPECT_FALSE(is_valid_name(name)) << name;
    EXPECT_FALSE(is_valid_name(std::string(256, 'A')));
    EXPECT_TRUE(is_valid_scope("shared"));
    EXPECT_TRUE(is_valid_scope("profile/a.b-c_1"));
    EXPECT_TRUE(is_valid_scope("device/0123456789abcdef0123456789abcdef"));
    for (const char* scope : {"", "Shared", "profile/", "profile/.x", "profile/a/b", "device/12",
                              "device/0123456789ABCDEF0123456789ABCDEF"})
        EXPECT_FALSE(is_valid_scope(scope)) << scope;
    EXPECT_FALSE(is_valid_scope("profile/" + std::string(57, 'a')));
}

TEST(Variable, the_mark_of_injection_is_one_tag_beside_the_others) {
    std::vector<Tag> tags{{9, {1, 2}}};
    EXPECT_FALSE(is_injected(tags));
    put_injection(tags, Injection::yes);
    put_injection(tags, Injection::yes);
    put_type(tags, Type::path);
    EXPECT_TRUE(is_injected(tags));
    EXPECT_EQ(tags.size(), 3U);
    EXPECT_EQ(type_of(tags), Type::path);
    put_injection(tags, Injection::no);
    EXPECT_FALSE(is_injected(tags));
    EXPECT_EQ(tags.size(), 2U) << "what is unknown stays";
}

} // namespace
} // namespace envmesh::sync
