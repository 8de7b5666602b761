// SPDX-License-Identifier: MIT
#include "core/config/edit.h"

#include "core/config/settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace envmesh::config {
namespace {

std::string set(std::string_view toml, std::string_view name, std::string_view typed) {
    const auto out = with_value(toml, "c", find_key(name).value(), typed);
    return out ? *out : "refused: " + out.error().message;
}
std::string unset(std::string_view toml, std::string_view name) {
    const auto out = without_value(toml, "c", find_key(name).value());
    return out ? *out : "refused: " + out.error().message;
}

TEST(ConfigEdit, ReplacesTheValueAndNothingElse) {
    EXPECT_EQ(set("[server]\n  port=1 # é\nmode = 'auto'\n", "server.port", "22"),
              "[server]\n  port=22 # é\nmode = 'auto'\n");
    EXPECT_EQ(
        set("# 日@\r\n[server]\r\n\"mode\" = \"auto\"# c\r\n\r\n", "server.mode", "client-only"),
        "# 日@\r\n[server]\r\n\"mode\" = \"client-only\"# c\r\n\r\n");
    EXPECT_EQ(set("[vault]\nkey_file = '/é' # ü", "vault.key_file", "/@ß"),
              "[vault]\nkey_file = \"/@ß\" # ü");
    EXPECT_EQ(set("[log]\nlevel = '''\ninfo'''", "log.level", "debug"), "[log]\nlevel = \"debug\"");
    EXPECT_EQ(set("\xef\xbb\xbf[log]\nlevel='info'", "log.level", "debug"),
              "\xef\xbb\xbf[log]\nlevel=\"debug\"");
    EXPECT_EQ(set("[client]\nlan_servers = [\n  'a',\n] # c\n", "client.lan_servers", "b,c"),
              "[client]\nlan_servers = [\"b\", \"c\"] # c\n");
}

TEST(ConfigEdit, LeavesAValueAsItIsWrittenWhenItIsTheSame) {
    for (const std::string toml : {"[server]\nport = 8_765", "[server]\nport = 0x223d\n"})
        EXPECT_EQ(set(toml, "server.port", "8765"), toml);
    const std::string list = "[client]\nlan_servers = [ # c\n 'a' ]\n";
    EXPECT_EQ(set(list, "client.lan_servers", "a"), list);
}

TEST(ConfigEdit, AddsALineAfterTheLastOfItsSection) {
    EXPECT_EQ(set("[server]\n\tport = 1 # p\n\n# of client\n[client]\n", "server.mode", "auto"),
              "[server]\n\tport = 1 # p\n\tmode = \"auto\"\n\n# of client\n[client]\n");
    EXPECT_EQ(set("[server] # s\n[client]\n", "server.port", "1"),
              "[server] # s\nport = 1\n[client]\n");
    EXPECT_EQ(set("[log]\r\n[server]", "server.port", "1"), "[log]\r\n[server]\r\nport = 1\r\n");
    EXPECT_EQ(set("[client]\nlan_servers = [\n'a',\n\n]\n# x", "client.enable_lan", "true"),
              "[client]\nlan_servers = [\n'a',\n\n]\nenable_lan = true\n# x");
}

TEST(ConfigEdit, AddsASectionAtTheEnd) {
    EXPECT_EQ(set("", "log.level", "debug"), "[log]\nlevel = \"debug\"\n");
    EXPECT_EQ(set("\xef\xbb\xbf", "log.level", "debug"), "\xef\xbb\xbf[log]\nlevel = \"debug\"\n");
    EXPECT_EQ(set("# é", "log.level", "debug"), "# é\n\n[log]\nlevel = \"debug\"\n");
    EXPECT_EQ(set("[vault]\r\n", "log.level", "debug"),
              "[vault]\r\n\r\n[log]\r\nlevel = \"debug\"\r\n");
}

TEST(ConfigEdit, KeepsDottedKeysAndInlineTables) {
    EXPECT_EQ(set("server . port = 1\n[log]\n", "server.port", "2"), "server . port = 2\n[log]\n");
    EXPECT_EQ(set(" 'server'. port = 1\n[log]\n", "server.mode", "auto"),
              " 'server'. port = 1\n 'server'. mode = \"auto\"\n[log]\n");
    EXPECT_EQ(set("server = {port=1, mode='auto'} # c", "server.port", "2"),
              "server = {port=2, mode='auto'} # c");
    EXPECT_EQ(set("server = { port = 1 }", "server.mode", "auto"),
              "server = { mode = \"auto\", port = 1 }");
    EXPECT_EQ(set("server = {}\n", "server.port", "1"), "server = { port = 1}\n");
    EXPECT_EQ(unset("server.port = 1\nserver.mode='auto'\n", "server.port"),
              "server.mode='auto'\n");
}

TEST(ConfigEdit, TakesTheLinesOfAKeyOut) {
    EXPECT_EQ(unset("# a\n[server]\nport = 1 # c\n# b\nmode='auto'", "server.port"),
              "# a\n[server]\n# b\nmode='auto'");
    EXPECT_EQ(unset("[client]\r\nlan_servers = [\r\n'a'\r\n]\r\n[log]\r\n", "client.lan_servers"),
              "[client]\r\n[log]\r\n");
    EXPECT_EQ(unset("[server]\nport = 1", "server.port"), "[server]\n");
    EXPECT_EQ(unset("server.port = 1\n", "server.port"), "");
    for (const std::string toml : {"", "# é", "[server]\nmode='auto'\n\n"})
        EXPECT_EQ(unset(toml, "server.port"), toml);
}

TEST(ConfigEdit, MendsTheOneValueThatIsWrong) {
    EXPECT_EQ(set("[server]\nport = 'x'\n", "server.port", "1"), "[server]\nport = 1\n");
    EXPECT_EQ(unset("[server]\nport = 70000\n", "server.port"), "[server]\n");
    EXPECT_EQ(set("[log]\nlevel='x'\n[server]\nport = 1\n", "server.port", "2").substr(0, 26),
              "refused: c:2: log.level mu");
}

TEST(ConfigEdit, RefusesWhatItCannotDoWithoutDamage) {
    const auto refused = [](const std::string& out, const std::string& why) {
        EXPECT_TRUE(out.starts_with("refused: ")) << out;
        EXPECT_NE(out.find(why), std::string::npos) << out;
    };
    const std::string list = "[client]\nlan_servers = [ # c\n 'a' ]\n";
    refused(set(list, "client.lan_servers", "b"),
            "c:2: client.lan_servers is a list with comments");
    refused(unset(list, "client.lan_servers"), "would be lost");
    refused(unset("\nserver = {port = 1}\n", "server.port"), "c:2: server.port stands in one line");
    refused(set("server = 1", "server.port", "1"), "c:1: server must be a section");
    refused(set("[[server]]\nport = 1", "server.port", "2"), "server must be a section");
    refused(set("[server.port]\nx = 1", "server.mode", "auto"), "server.port must be");
    refused(set("[server]\n[server]\n", "server.port", "1"), "c:2: This is not valid TOML");
    refused(set("[log]\n# \xff\n", "log.level", "info"), "c:2: This is not valid TOML: it is not");
    refused(set("[nothing]\n", "log.level", "info"), "no section");
    refused(set("", "server.port", "1\nmode = 'auto'"), "server.port must be a whole number");
    const std::string full = "#" + std::string(most_bytes - 2, 'x') + "\n";
    refused(set(full, "log.level", "info"), "larger than 64 KiB");
    const std::string nearly = "#" + std::string(most_bytes - 40, 'x') + "\n";
    EXPECT_EQ(set(nearly, "log.level", "info"), nearly + "\n[log]\nlevel = \"info\"\n");
}

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t most) { return random() % most; }

const std::string& one_of(Random& random, const std::vector<std::string>& all) {
    return all[below(random, all.size())];
}

// Some value that the key can have, as a person types it.
std::string some_value(Random& random, const Key& key) {
    const std::string name = full_name(key);
    if (name == "server.mode") return one_of(random, {"auto", "server-preferred", "client-only"});
    if (name.ends_with("listen")) return one_of(random, {"0.0.0.0", "::", "fe80::1%eth0"});
    if (name == "server.new_meshes") return one_of(random, {"open", "token", "by-listener"});
    if (name == "client.cloud_url") return one_of(random, {"wss://h:1", "", "wss://[::1]:8765"});
    if (name == "client.cloud_key") return std::string(below(random, 2) * 64, 'a');
    if (name == "client.lan_servers") return one_of(random, {"a,b:1", "", "[::1]:2", "h,h,h"});
    if (name == "vault.key_file")
        return one_of(random, {"/é", "", "/@ \"\\\t#'", "/\xF0\x9D\x95\x8F/k = 1"});
    if (name == "log.level") return one_of(random, {"debug", "warning", "info"});
    if (name.starts_with("client.") || name.starts_with("lock.on_"))
        return one_of(random, {"true", "false"});
    return std::to_string(1 + below(random, name == "lock.idle_minutes" ? 10080 : 65535));
}

struct Made {
    std::string text;
    std::map<std::string, std::string> typed;
};

// Each section in one of the forms that TOML has, with comments, blanks and either line end.
class Maker {
  public:
    explicit Maker(Random& random) : random_(random), end_(below(random, 3) == 0 ? "\r\n" : "\n") {
        std::string at_root, sections;
        for (const std::string section : {"server", "client", "vault", "lock", "log"})
            add_section(section, at_root, sections);
        made_.text = (below(random, 4) == 0 ? "\xef\xbb\xbf" : "") + at_root + sections;
        if (below(random, 3) == 0 && made_.text.ends_with('\n')) // no end at the end
            made_.text.resize(made_.text.size() - end_.size());
    }
    Made take() { return std::move(made_); }

  private:
    std::string noise() {
        return one_of(random_, {"", "", end_, "# [server] port = 9" + end_, "\t# é日@" + end_});
    }
    std::string tail() { return one_of(random_, {"", " ", " # c = 'é", "#"}) + end_; }

    std::string value(const Key& key) {
        const std::string typed = some_value(random_, key);
        made_.typed[full_name(key)] = typed;
        std::string out = literal(key, typed).value();
        if (out.starts_with("[\"") && below(random_, 2) == 0) out.insert(1, end_ + end_);
        return out;
    }

    void add_section(const std::string& section, std::string& at_root, std::string& sections) {
        const auto form = below(random_, 5);
        if (form == 0) return;
        std::string inside;
        if (form > 2) sections += noise() + one_of(random_, {"[", " [ "}) + section + " ]" + tail();
        for (const Key& key : keys()) {
            if (key.section != section || below(random_, 3) == 0) continue;
            const std::string line =
                one_of(random_, {key.name, "'" + key.name + "'"}) + one_of(random_, {"=", " = "});
            if (form == 1)
                at_root +=
                    noise() + section + one_of(random_, {".", " . "}) + line + value(key) + tail();
            else if (form == 2)
                inside += (inside.empty() ? "" : ", ") + line + literal_of_one_line(key);
            else
                sections +=
                    noise() + one_of(random_, {"", "\t", "  "}) + line + value(key) + tail();
        }
        if (form == 2)
            at_root += section + " = {" + inside + one_of(random_, {"", " "}) + "}" + tail();
    }
    std::string literal_of_one_line(const Key& key) {
        return literal(key, made_.typed[full_name(key)] = some_value(random_, key)).value();
    }

    Random& random_;
    std::string end_;
    Made made_;
};

void expect_settings(const std::string& text, const std::map<std::string, std::string>& wanted) {
    const auto all = settings(text, "c");
    ASSERT_TRUE(all) << all.error().message << '\n' << text;
    for (const auto& one : *all) {
        const auto found = wanted.find(full_name(one.key));
        EXPECT_EQ(one.is_set, found != wanted.end()) << full_name(one.key) << '\n' << text;
        if (found == wanted.end()) continue;
        EXPECT_EQ(typed(one.value), found->second) << text;
    }
}

// What is left of both when the longest common beginning and end are taken away.
std::pair<std::string, std::string> difference(std::string a, std::string b) {
    const auto start = std::ranges::mismatch(a, b).in1 - a.begin();
    a.erase(0, static_cast<std::size_t>(start));
    b.erase(0, static_cast<std::size_t>(start));
    while (!a.empty() && !b.empty() && a.back() == b.back()) {
        a.pop_back();
        b.pop_back();
    }
    return {a, b};
}

TEST(ConfigEdit, ChangesOneThingInAnyFile) {
    Random random(20'240'607);
    const auto all = keys();
    for (int round = 0; round < 400; ++round) {
        auto [before, wanted] = Maker(random).take();
        ASSERT_NO_FATAL_FAILURE(expect_settings(before, wanted));
        const Key key = all[below(random, all.size())];
        const std::string name = full_name(key), value = some_value(random, key);
        const bool was_set = wanted.contains(name);
        const auto after = with_value(before, "c", key, value);
        ASSERT_TRUE(after) << after.error().message << '\n' << before;
        wanted[name] = value;
        ASSERT_NO_FATAL_FAILURE(expect_settings(*after, wanted));
        const auto [gone, come] = difference(before, *after);
        EXPECT_EQ(gone.find('#', key.section == "vault" ? gone.size() : 0), std::string::npos)
            << before;
        EXPECT_TRUE(was_set || gone.empty()) << before << "\n---\n" << *after;
        EXPECT_EQ(with_value(*after, "c", key, value).value(), *after);

        const auto without = without_value(*after, "c", key);
        if (!without) {
            EXPECT_NE(without.error().message.find("in one line"), std::string::npos);
            continue;
        }
        wanted.erase(name);
        ASSERT_NO_FATAL_FAILURE(expect_settings(*without, wanted));
        const bool is_one_line = !was_set && before.ends_with('\n') && !come.contains('[');
        EXPECT_TRUE(!is_one_line || *without == before) << before << "\n---\n" << *without;
    }
}

} // namespace
} // namespace envmesh::config
