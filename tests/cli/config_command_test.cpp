// SPDX-License-Identifier: MIT
// `config` as a person runs it: the real program, with a daemon that answers as each test says.
#include "tests/cli/run_cli.h"

#include "core/config/config.h"

#include <gtest/gtest.h>

namespace envmesh::test {
namespace {

namespace fs = std::filesystem;

// Without an error it is done.
FakeService::Answer reloading(std::optional<Error> error, std::atomic<int>& asked) {
    return [error = std::move(error), &asked](const api::Request& request) -> Result<api::Reply> {
        if (!std::holds_alternative<api::Reload>(request)) return fail(Code::internal, "another");
        ++asked;
        if (error) return std::unexpected(*error);
        return api::Done();
    };
}

// A home with this file in it.
struct Home {
    explicit Home(std::string_view toml, fs::path socket = {}) : cli(std::move(socket)) {
        write_whole(file(), toml);
    }
    [[nodiscard]] fs::path file() const { return cli.folder() / "config.toml"; }
    [[nodiscard]] std::string text() const { return read_whole(file()); }
    [[nodiscard]] Outcome run(const std::string& arguments) const {
        return cli.run("config " + arguments);
    }
    Cli cli;
};

TEST(ConfigCommand, PathTellsWhereTheFileIsOrWouldBe) {
    const Home home("");
    const std::string file = home.file().string();
    EXPECT_EQ(home.run("path").out, file + "\n");
    EXPECT_EQ(home.run("path --json").out, "{\"file\":\"" + file + "\",\"exists\":true}\n");
    fs::remove(home.file());
    EXPECT_EQ(home.run("path --json").out, "{\"file\":\"" + file + "\",\"exists\":false}\n");
}

TEST(ConfigCommand, GetPrintsWhatCounts) {
    const Home home("[server]\nport = 99\n[client]\nlan_servers = ['a', 'b:1']\n");
    EXPECT_EQ(home.run("get server.port").out, "99\n");
    EXPECT_EQ(home.run("get client.lan_servers").out, "a,b:1\n");
    EXPECT_EQ(home.run("get log.level").out, "info\n");
    EXPECT_EQ(home.run("get client.cloud_url").out, "\n");
    EXPECT_EQ(home.run("get server.port --json").out,
              R"({"key":"server.port","value":99,"default":8765,"is_default":false,)"
              R"("meaning":"port of that address; 0 takes any free one","type":"integer",)"
              R"("allowed":"a whole number from 0 to 65535"})"
              "\n");
    EXPECT_NE(home.run("get client.lan_servers --json")
                  .out.find(R"("value":["a","b:1"],"default":[],"is_default":false)"),
              std::string::npos);
    EXPECT_NE(home.run("get client.enable_lan --json").out.find(R"("value":true)"),
              std::string::npos);
    fs::remove(home.file());
    EXPECT_EQ(home.run("get server.port").out, "8765\n");
}

TEST(ConfigCommand, GetShowsAllOnAScreen) {
    const Home home("[server]\nport = 99\n");
    const std::string table = home.run("get").out;
    for (std::size_t at = 0; at < table.size();) {
        const auto end = table.find('\n', at);
        EXPECT_LE(end - at, 80U) << table.substr(at, end - at);
        at = end + 1;
    }
    for (const auto& key : config::keys())
        EXPECT_NE(table.find("\n" + key.section + "." + key.name + " "), std::string::npos);
    EXPECT_TRUE(home.run("get --json").out.starts_with(R"([{"key":"server.mode","value":"auto")"));
}

TEST(ConfigCommand, AnUnknownSettingIsToldWithTheNearest) {
    const Home home("[log]\n");
    for (const std::string arguments :
         {"get server.prot", "set server.prot 1", "unset server.prot"}) {
        const Outcome outcome = home.run(arguments);
        EXPECT_EQ(outcome.exit, 3) << arguments;
        EXPECT_EQ(outcome.out, "");
        EXPECT_NE(outcome.err.find("Did you mean server.port?"), std::string::npos) << outcome.err;
    }
    EXPECT_NE(home.run("get something.else").err.find("envmesh-cli config get"), std::string::npos);
    EXPECT_EQ(home.text(), "[log]\n");
}

TEST(ConfigCommand, SetChangesItsLineAndHasTheDaemonReadIt) {
    std::atomic<int> asked = 0;
    LocalDaemon daemon(reloading(std::nullopt, asked));
    const Home home("# é\n[server]\nport = 1 # p\n", daemon.socket());
    const std::string file = home.file().string();
    EXPECT_EQ(home.run("set server.port 2").out,
              file + " now says: server.port = 2; the daemon uses it.\n");
    EXPECT_EQ(home.text(), "# é\n[server]\nport = 2 # p\n");
    EXPECT_EQ(home.run("set server.port 2 --json").out,
              R"({"ok":true,"key":"server.port","file":")" + file +
                  R"(","changed":false,"applied":"now","reason":""})"
                  "\n");
    EXPECT_EQ(home.run("unset server.port").exit, 0);
    EXPECT_EQ(home.text(), "# é\n[server]\n");
    EXPECT_EQ(home.run("set client.lan_servers 'a:1, b'").exit, 0);
    EXPECT_EQ(home.text(), "# é\n[server]\n\n[client]\nlan_servers = [\"a:1\", \"b\"]\n");
    EXPECT_EQ(home.run("set client.cloud_url ''").exit, 0);
    EXPECT_EQ(asked, 5);
}

TEST(ConfigCommand, SetRefusesAWrongValueAndTouchesNothing) {
    std::atomic<int> asked = 0;
    LocalDaemon daemon(reloading(std::nullopt, asked));
    const std::string before = "[server]\nport = 1\n";
    const Home home(before, daemon.socket());
    const auto written = fs::last_write_time(home.file());
    for (const std::string arguments :
         {"set server.port x", "set server.port 65536", "set client.enable_lan yes",
          "set vault.key_file key", "set log.level \"$(printf '\\377')\"",
          "set server.port -- -1"}) {
        const Outcome outcome = home.run(arguments);
        EXPECT_EQ(outcome.exit, 65) << arguments << outcome.err;
        EXPECT_NE(outcome.err.find(" must be "), std::string::npos) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
    EXPECT_EQ(home.run("set server.port").exit, 2);
    EXPECT_EQ(home.text(), before);
    EXPECT_EQ(fs::last_write_time(home.file()), written);
    EXPECT_EQ(asked, 0);
}

TEST(ConfigCommand, SetRefusesAFileThatIsNoConfiguration) {
    for (const std::string& toml : {std::string("[server\n"), std::string("[log]\nx = 1\n"),
                                    std::string("# \xff\n"), std::string(65'537, '\n')}) {
        const Home home(toml);
        EXPECT_EQ(home.run("set log.level debug").exit, 65);
        EXPECT_EQ(home.text(), toml);
    }
}

TEST(ConfigCommand, SetSaysWhatNeedsARestartAndWhatFailed) {
    std::atomic<int> asked = 0;
    LocalDaemon other(reloading(Error{Code::conflict, "it is another machine", "restart"}, asked));
    const Home home("", other.socket());
    const Outcome plain = home.run("set vault.key_file /k");
    EXPECT_EQ(plain.exit, 0) << plain.err;
    EXPECT_TRUE(
        plain.out.ends_with("the daemon uses it after a restart, because it is another machine.\n"))
        << plain.out;
    EXPECT_EQ(home.text(), "[vault]\nkey_file = \"/k\"\n");
    EXPECT_NE(home.run("set vault.key_file /l --json").out.find(R"("applied":"restart")"),
              std::string::npos);

    LocalDaemon failing(reloading(Error{Code::internal, "The port is in use.", "Free it."}, asked));
    const Home second("", failing.socket());
    const Outcome failed = second.run("set server.port 1");
    EXPECT_EQ(failed.exit, 1);
    EXPECT_EQ(failed.out, "");
    EXPECT_NE(failed.err.find("goes on with what it had: The port is in use."), std::string::npos);
    EXPECT_EQ(second.text(), "[server]\nport = 1\n");

    const Home alone("");
    const Outcome later = alone.run("set server.port 1 --json");
    EXPECT_EQ(later.exit, 0);
    EXPECT_NE(later.out.find(R"("applied":"start")"), std::string::npos) << later.out;
}

TEST(ConfigCommand, SetMakesThePrivateFileAndItsFolder) {
    const Home home("");
    const fs::path person = home.cli.folder() / "person";
    fs::create_directory(person);
    const std::string run =
        "HOME='" + person.string() + "' env -u ENVMESH_HOME -u XDG_CONFIG_HOME ";
    const std::string line =
        run + "'" + ENVMESH_CLI + "' --socket /nowhere config set log.level debug > /dev/null";
    ASSERT_EQ(std::system(line.c_str()), 0);
    const fs::path file = person / ".envmesh/config.toml";
    EXPECT_EQ(read_whole(file), "[log]\nlevel = \"debug\"\n");
    EXPECT_EQ(fs::status(file).permissions(), fs::perms(0600));
    EXPECT_EQ(fs::status(file.parent_path()).permissions(), fs::perms(0700));
}

TEST(ConfigCommand, SetFollowsALinkAndKeepsTheMode) {
    const Home home("");
    const fs::path real = home.cli.folder() / "dotfiles.toml";
    write_whole(real, "# mine\n");
    fs::permissions(real, fs::perms(0644));
    fs::remove(home.file());
    fs::create_symlink("dotfiles.toml", home.file());
    EXPECT_EQ(home.run("set log.level debug").exit, 0);
    EXPECT_TRUE(fs::is_symlink(home.file()));
    EXPECT_EQ(read_whole(real), "# mine\n\n[log]\nlevel = \"debug\"\n");
    EXPECT_EQ(fs::status(real).permissions(), fs::perms(0644));
    fs::remove(real);
    EXPECT_EQ(home.run("set log.level debug").exit, 3);
    fs::remove(home.file());
    fs::create_directory(home.file());
    EXPECT_EQ(home.run("set log.level debug").exit, 65);
}

TEST(ConfigCommand, CheckTellsFileAndLine) {
    const Home home("[log]\nlevel = 'debug'\n");
    const std::string file = home.file().string();
    EXPECT_EQ(home.run("check").out, file + " is fine.\n");
    EXPECT_EQ(home.run("check --json").out,
              "{\"ok\":true,\"file\":\"" + file + "\",\"exists\":true}\n");
    write_whole(home.cli.folder() / "other.toml", "\n[log]\nlevel = 1\n");
    const Outcome other = home.run("check other.toml");
    EXPECT_EQ(other.exit, 65);
    EXPECT_EQ(other.out, "");
    EXPECT_EQ(other.err.find("envmesh-cli: other.toml:3: log.level must be"), 0U) << other.err;
    EXPECT_NE(home.run("check other.toml --json").err.find(R"("code":"INVALID")"),
              std::string::npos);
    EXPECT_EQ(home.run("check none.toml").exit, 3);
    fs::remove(home.file());
    const Outcome without = home.run("check");
    EXPECT_EQ(without.exit, 0);
    EXPECT_EQ(without.out, file + " does not exist; the defaults count.\n");
}

TEST(ConfigCommand, SettingsAreCompleted) {
    const Home home("");
    const Outcome all = home.cli.run("complete", std::string("config\0get\0server.p\0", 20));
    EXPECT_TRUE(all.out.starts_with("server.port")) << all.out << all.err;
}

} // namespace
} // namespace envmesh::test
