// SPDX-License-Identifier: MIT
#include "core/config/config.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace envmesh::config {
namespace {

using testing::HasSubstr;

const std::filesystem::path examples =
    std::filesystem::path(ENVMESH_SOURCE_DIR) / "config-examples";

Config example(const std::string& name) {
    const auto config = load(examples / name);
    EXPECT_TRUE(config) << config.error().message;
    return config.value_or(Config{});
}

// An error that names the file, the line and what is wrong.
void expect_refused(std::string_view toml, std::string_view where, std::string_view what) {
    const auto config = parse(toml, "c.toml");
    ASSERT_FALSE(config) << toml;
    EXPECT_EQ(config.error().code, Code::invalid);
    EXPECT_THAT(config.error().message, testing::StartsWith(std::string(where)));
    EXPECT_THAT(config.error().message, HasSubstr(std::string(what)));
}

TEST(Examples, CloudServer) {
    const auto config = example("cloud-server.toml");
    EXPECT_TRUE(config.is_cloud_server());
    EXPECT_EQ(config.listen, "0.0.0.0");
    EXPECT_EQ(config.port, 8765);
    EXPECT_EQ(config.max_meshes, 100U);
}

TEST(Examples, Client) {
    const auto config = example("client.toml");
    EXPECT_FALSE(config.is_cloud_server());
    EXPECT_EQ(config.mode, Mode::automatic);
    EXPECT_TRUE(config.enable_cloud && config.enable_lan);
    EXPECT_EQ(config.cloud_url, "wss://cloud.example.com:8765");
    EXPECT_EQ(config.lan_listen, "::"); // elected, it can be reached
}

TEST(Examples, LanOnly) {
    const auto config = example("lan-only.toml");
    EXPECT_EQ(config.mode, Mode::automatic);
    EXPECT_TRUE(!config.enable_cloud && config.enable_lan);
    EXPECT_EQ(config.lan_listen, "::");
}

TEST(Examples, ClientOnly) {
    const auto config = example("client-only.toml");
    EXPECT_EQ(config.mode, Mode::client_only);
    EXPECT_TRUE(config.enable_cloud && !config.enable_lan);
}

TEST(Config, TheTableSaysTheDefaultsThatHold) {
    std::string toml;
    std::string section;
    for (const auto& key : keys()) {
        if (key.section != section) toml += "[" + key.section + "]\n";
        section = key.section;
        toml += key.name + " = " + key.fallback + "\n";
    }
    const auto written = parse(toml, "c.toml");
    ASSERT_TRUE(written) << written.error().message;
    const Config plain;
    EXPECT_EQ(written->mode, plain.mode);
    EXPECT_EQ(written->listen, plain.listen);
    EXPECT_EQ(written->port, plain.port);
    EXPECT_EQ(written->lan_listen, plain.lan_listen);
    EXPECT_EQ(written->new_meshes, plain.new_meshes);
    EXPECT_EQ(written->max_meshes, plain.max_meshes);
    EXPECT_EQ(written->quota_cells, plain.quota_cells);
    EXPECT_EQ(written->quota_bytes, plain.quota_bytes);
    EXPECT_EQ(written->enable_cloud, plain.enable_cloud);
    EXPECT_EQ(written->cloud_url, plain.cloud_url);
    EXPECT_EQ(written->cloud_key, plain.cloud_key);
    EXPECT_EQ(written->enable_lan, plain.enable_lan);
    EXPECT_EQ(written->lan_servers, plain.lan_servers);
    EXPECT_EQ(written->key_file, plain.key_file);
    EXPECT_EQ(written->lock_on_logout, plain.lock_on_logout);
    EXPECT_EQ(written->lock_on_sleep, plain.lock_on_sleep);
    EXPECT_EQ(written->lock_on_screen_lock, plain.lock_on_screen_lock);
    EXPECT_EQ(written->lock_idle_minutes, plain.lock_idle_minutes);
    EXPECT_EQ(written->log_level, plain.log_level);
}

TEST(Config, EveryKeyReachesItsField) {
    const std::string key(64, 'a');
    const auto config = parse("[server]\nmode = \"client-only\"\nlisten = \"::1\"\nport = 0\n"
                              "lan_listen = \"10.0.0.1\"\nnew_meshes = \"closed\"\n"
                              "max_meshes = 4\nquota_cells = 5\nquota_bytes = 6\n"
                              "[client]\nenable_cloud = false\ncloud_url = \"wss://[::1]:1\"\n"
                              "cloud_key = \"" +
                                  key +
                                  "\"\nenable_lan = false\n"
                                  "lan_servers = [\"printer:1\", \"[::1]:2\"]\n"
                                  "[vault]\nkey_file = \"/etc/key\"\n[log]\nlevel = \"debug\"\n"
                                  "[lock]\non_logout = false\non_sleep = false\n"
                                  "on_screen_lock = true\nidle_minutes = 15\n",
                              "c.toml");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->mode, Mode::client_only);
    EXPECT_EQ(config->listen, "::1");
    EXPECT_EQ(config->port, 0);
    EXPECT_EQ(config->lan_listen, "10.0.0.1");
    EXPECT_EQ(config->new_meshes, NewMeshes::closed);
    EXPECT_EQ(config->max_meshes, 4U);
    EXPECT_EQ(config->quota_cells, 5U);
    EXPECT_EQ(config->quota_bytes, 6U);
    EXPECT_FALSE(config->enable_cloud || config->enable_lan);
    EXPECT_EQ(config->cloud_url, "wss://[::1]:1");
    EXPECT_EQ(config->cloud_key, key);
    EXPECT_THAT(config->lan_servers, testing::ElementsAre("printer:1", "[::1]:2"));
    EXPECT_EQ(config->key_file, "/etc/key");
    EXPECT_EQ(config->log_level, "debug");
    EXPECT_FALSE(config->lock_on_logout || config->lock_on_sleep);
    EXPECT_TRUE(config->lock_on_screen_lock);
    EXPECT_EQ(config->lock_idle_minutes, 15U);
}

TEST(Config, ListensOnEveryFormOfAddress) {
    for (const char* address : {"localhost", "0.0.0.0", "192.0.2.255", "::", "::1", "2001:DB8::1",
                                "::ffff:192.0.2.1", "fe80::1%eth0.2"}) {
        const auto config =
            parse(std::string("[server]\nlisten = \"") + address + "\"\n", "c.toml");
        ASSERT_TRUE(config) << config.error().message;
        EXPECT_EQ(config->listen, address);
    }
}

TEST(Config, NothingIsFine) { EXPECT_TRUE(parse("", "c.toml")); }

TEST(Config, RefusesWhatItDoesNotKnow) {
    expect_refused("\n[servers]\n", "c.toml:2: ", "no section \"servers\"");
    expect_refused("port = 1\n", "c.toml:1: ", "no section \"port\"");
    expect_refused("[server]\n\nprot = 1\n", "c.toml:3: ", "no key \"prot\" in [server]");
    expect_refused("server = 1\n", "c.toml:1: ", "must be a section");
    expect_refused("[[server]]\nport = 1\n", "c.toml:1: ", "must be a section");
    expect_refused("[server]\n\"\\u001b[2J\" = 1\n", "c.toml:2: ", "\"?[2J\"");
}

TEST(Config, RefusesWrongLists) {
    for (const char* list : {"\"a:1\"", "[1]", "[\"\"]", "[\"a b\"]", "[\"a:0\"]", "[[\"a\"]]",
                             "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"})
        expect_refused(std::string("[client]\nlan_servers = ") + list + "\n",
                       "c.toml:2: ", "client.lan_servers must be");
}

TEST(Config, RefusesWrongTypesAndRanges) {
    expect_refused("[server]\nport = 65536\n", "c.toml:2: ", "server.port must be");
    expect_refused("[server]\nport = -1\n", "c.toml:2: ", "from 0 to 65535");
    expect_refused("[server]\nport = \"1\"\n", "c.toml:2: ", "server.port must be");
    expect_refused("[server]\nport = 1.0\n", "c.toml:2: ", "server.port must be");
    expect_refused("[server]\nmode = \"Auto\"\n", "c.toml:2: ", "\"server-preferred\"");
    expect_refused("[server.mode]\nx = 1\n", "c.toml:1: ", "server.mode must be");
    expect_refused("[server]\nlisten = \"\"\n", "c.toml:2: ", "server.listen must be");
    expect_refused("[server]\nlisten = \"a b\"\n", "c.toml:2: ", "server.listen must be");
    for (const char* name : {"example.com", "cafe", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1..2.3",
                             "127.0.0.1:8765", "[::1]", "a:1", "::1%", "::g"}) {
        const std::string line = std::string("listen = \"") + name + "\"\n";
        expect_refused("[server]\n" + line, "c.toml:2: ", "must be an IP address or \"localhost\"");
        expect_refused("[server]\nlan_" + line, "c.toml:2: ", "server.lan_listen must be");
    }
    for (const std::string address : {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
        expect_refused("[server]\nlan_listen = \"" + address + "\"\n",
                       "c.toml:2: ", "an IP address that others reach");
    expect_refused("[server]\nmax_meshes = 0\n", "c.toml:2: ", "at least 1");
    expect_refused("[server]\nquota_cells = 0\n", "c.toml:2: ", "at least 1");
    expect_refused("[client]\nenable_lan = 1\n", "c.toml:2: ", "true or false");
    expect_refused("[client]\ncloud_url = \"ws://h:1\"\n", "c.toml:2: ", "wss://");
    expect_refused("[client]\ncloud_url = \"wss://\"\n", "c.toml:2: ", "wss://");
    expect_refused("[client]\ncloud_url = \"wss://user@h\"\n", "c.toml:2: ", "wss://");
    for (const char* port : {"0", "65536", "99999", "123456", "x", ""})
        expect_refused("[client]\ncloud_url = \"wss://h:" + std::string(port) + "\"\n",
                       "c.toml:2: ", "wss://");
    expect_refused("[client]\ncloud_key = \"abc\"\n", "c.toml:2: ", "64 lower-case");
    expect_refused("[vault]\nkey_file = \"vault.key\"\n", "c.toml:2: ", "absolute path");
    expect_refused("[log]\nlevel = \"loud\"\n", "c.toml:2: ", "log.level must be");
}

TEST(Config, RefusesWhatIsNoToml) {
    expect_refused("[server\n", "c.toml:1: ", "not valid TOML");
    expect_refused("[log]\nlevel = \"info\"\nlevel = \"info\"\n", "c.toml:3: ", "not valid TOML");
    expect_refused("\xff\xfe", "c.toml:1: ", "not valid TOML");
    expect_refused("[log]\nlevel = " + std::string(5000, '['), "c.toml:2: ", "not valid TOML");
}

TEST(Load, SaysWhichFileCannotBeRead) {
    const tests::TempDir folder;
    const auto absent = load(folder / "absent.toml");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Code::not_found);
    EXPECT_THAT(absent.error().message, HasSubstr("absent.toml"));

    EXPECT_FALSE(load(folder.path()));

    std::ofstream(folder / "large.toml") << std::string(64 * 1024 + 1, '\n');
    const auto large = load(folder / "large.toml");
    ASSERT_FALSE(large);
    EXPECT_THAT(large.error().message, HasSubstr("64 KiB"));
}

} // namespace
} // namespace envmesh::config
