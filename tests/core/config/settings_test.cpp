// SPDX-License-Identifier: MIT
#include "core/config/settings.h"

#include <gtest/gtest.h>

namespace envmesh::config {
namespace {

Key key(std::string_view name) { return find_key(name).value(); }

Setting setting(std::string_view toml, std::string_view name) {
    const auto all = settings(toml, "c");
    for (const auto& one : *all)
        if (full_name(one.key) == name) return one;
    return {};
}

TEST(ConfigSettings, AreTheFilesOrTheDefaults) {
    const std::string toml = "[server]\nport = 1_000\n[client]\nlan_servers = ['a', \"b:1\"]\n"
                             "enable_cloud = false\n[log]\nlevel = 'info'";
    EXPECT_EQ(setting(toml, "server.port").value, Value(std::int64_t{1000}));
    EXPECT_EQ(setting(toml, "server.port").fallback, Value(std::int64_t{8765}));
    EXPECT_EQ(setting(toml, "client.lan_servers").value,
              Value(std::vector<std::string>{"a", "b:1"}));
    EXPECT_EQ(setting(toml, "client.enable_cloud").value, Value(false));
    EXPECT_EQ(setting(toml, "client.enable_lan").value, Value(true));
    EXPECT_FALSE(setting(toml, "client.enable_lan").is_set);
    EXPECT_TRUE(setting(toml, "log.level").is_set); // though it is the default
    EXPECT_EQ(settings("", "c")->size(), keys().size());
    EXPECT_FALSE(settings("[log]\nlevel = 1", "c"));
}

TEST(ConfigSettings, EveryDefaultIsWhatTypingItGives) {
    const auto all = settings("", "c");
    for (const auto& one : *all) {
        EXPECT_EQ(one.value, one.fallback);
        const auto written = literal(one.key, typed(one.value));
        ASSERT_TRUE(written) << full_name(one.key);
        EXPECT_EQ(*written, one.key.fallback);
    }
}

TEST(ConfigSettings, KnowTheirTypes) {
    EXPECT_EQ(type_name(setting("", "server.port").value), "integer");
    EXPECT_EQ(type_name(setting("", "client.enable_lan").value), "boolean");
    EXPECT_EQ(type_name(setting("", "log.level").value), "string");
    EXPECT_EQ(type_name(setting("", "client.lan_servers").value), "list");
}

TEST(ConfigSettings, BecomeTomlThatSaysNoMore) {
    EXPECT_EQ(literal(key("client.lan_servers"), "a:1, [::1]:2").value(), R"(["a:1", "[::1]:2"])");
    EXPECT_EQ(literal(key("client.lan_servers"), " ").value(), "[]");
    EXPECT_EQ(literal(key("vault.key_file"), "/a\"\\\n\x7f é").value(),
              "\"/a\\\"\\\\\\u000a\\u007f é\"");
    for (const auto& [name, typed] : std::vector<std::pair<std::string, std::string>>{
             {"server.port", ""},
             {"server.port", "1\n[log]"},
             {"server.port", "1 # more"},
             {"server.port", "65536"},
             {"server.port", "-1"},
             {"server.port", "007"},
             {"server.port", "\"1\""},
             {"client.enable_lan", "yes"},
             {"client.enable_lan", "1"},
             {"log.level", "loud"},
             {"client.lan_servers", "a,,b"},
             {"client.lan_servers", "1,2,3,4,5,6,7,8,9"},
             {"vault.key_file", "key"},
             {"vault.key_file", "/\xff"},
             {"vault.key_file", std::string("/a\0b", 4)}}) {
        const auto refused = literal(key(name), typed);
        ASSERT_FALSE(refused) << name << typed;
        EXPECT_EQ(refused.error().code, Code::invalid);
        EXPECT_EQ(refused.error().message, name + " must be " + key(name).type + ".");
    }
}

TEST(ConfigSettings, NearestName) {
    EXPECT_EQ(nearest_name("server.prot"), "server.port");
    EXPECT_EQ(nearest_name("port"), "server.port");
    EXPECT_EQ(nearest_name("enable-lan"), "client.enable_lan");
    EXPECT_EQ(nearest_name("something.else"), "");
    EXPECT_EQ(nearest_name(""), "");
    EXPECT_FALSE(find_key("port"));
}

} // namespace
} // namespace envmesh::config
