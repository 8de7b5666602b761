// SPDX-License-Identifier: MIT
// The real program against a daemon that answers as each test says: what it asks, prints, and
// leaves with.
#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

namespace envmesh::test {
namespace {

// Keeps the requests that came, as wire text, and gives each the next answer.
class Script {
  public:
    FakeService::Answer answer(std::function<Result<api::Reply>(const api::Request&)> reply) {
        return [this, reply](const api::Request& request) {
            const std::scoped_lock lock(mutex_);
            last_ = api::encode(0, request).reveal_text();
            return reply(request);
        };
    }
    std::string last() {
        const std::scoped_lock lock(mutex_);
        return last_;
    }

  private:
    std::mutex mutex_;
    std::string last_;
};

FakeService::Answer always(std::function<Result<api::Reply>()> make) {
    return [make](const api::Request&) { return make(); };
}

Result<api::Reply> variable(std::string_view value) {
    api::Variable out;
    out.key = "K";
    out.scope = "shared";
    out.visibility = "shell";
    out.type = "string";
    out.version = "12";
    out.updated_by = "desk";
    out.value = Secret(value);
    return out;
}

const std::string variable_json =
    R"({"key":"K","scope":"shared","profile":"","visibility":"shell","inject":false,"type":"string","version":"12","updated_at":"1970-01-01T00:00:00.000Z","updated_by":"desk","expires_at":null,"conflict":false)";

TEST(Command, GetPrintsTheExactBytes) {
    LocalDaemon daemon(always([] { return variable("a\n\xff "); }));
    const Cli cli(daemon.socket());
    EXPECT_EQ(cli.run("get K").out, "a\n\xff \n");
    EXPECT_EQ(cli.run("get -n K").out, "a\n\xff ");
    EXPECT_EQ(cli.run("get K --json").out, variable_json + R"(,"value_b64":"YQr/IA=="})" + '\n');
}

TEST(Command, GetWithoutSuchAVariable) {
    LocalDaemon daemon(
        always([] { return fail(Code::not_found, "There is no variable K.", "Set it."); }));
    const Cli cli(daemon.socket());
    const Outcome plain = cli.run("get K");
    EXPECT_EQ(plain.exit, 3);
    EXPECT_EQ(plain.out, "");
    EXPECT_EQ(plain.err, "envmesh-cli: There is no variable K.\n  fix: Set it.\n");
    EXPECT_EQ(cli.run("get K --json").err,
              R"({"error":{"code":"NOT_FOUND","exit":3,"message":"There is no variable K.",)"
              R"("fix":"Set it."}})"
              "\n");
    EXPECT_EQ(cli.run("get K --default '[a,b]'").out, "[a,b]\n");
    EXPECT_EQ(cli.run("get -n K --default ''").exit, 0);
}

TEST(Command, ADefaultDoesNotHideThatTheVaultIsLocked) {
    LocalDaemon daemon(always([] { return fail(Code::locked, "The vault is locked."); }));
    const Outcome outcome = Cli(daemon.socket()).run("get K --default x");
    EXPECT_EQ(outcome.exit, 5);
    EXPECT_EQ(outcome.out, "");
}

TEST(Command, SetTakesAValueInEachOfItsForms) {
    Script script;
    LocalDaemon daemon(script.answer([](const api::Request&) -> Result<api::Reply> {
        return api::Set::Reply{{"A", "B"}, {"1", "2"}, 3};
    }));
    const Cli cli(daemon.socket());
    write_whole(cli.folder() / "file", "@x\n\n");
    const auto items = [&](const std::string& arguments, std::string_view input = {}) {
        EXPECT_EQ(cli.run("set " + arguments, input).exit, 0) << arguments;
        const std::string text = script.last();
        const auto start = text.find("\"items\":[") + 9;
        return text.substr(start, text.find(']', start) - start);
    };
    EXPECT_EQ(items("'A=b=c d'"), R"({"key":"A","value":"b=c d"})");
    EXPECT_EQ(items("A="), R"({"key":"A","value":""})");
    EXPECT_EQ(items("A=@file"), R"({"key":"A","value":"@x\n\n"})");
    EXPECT_EQ(items("A=@@file"), R"({"key":"A","value":"@file"})");
    EXPECT_EQ(items("A=@@"), R"({"key":"A","value":"@"})");
    EXPECT_EQ(items("A -", "in\n"), R"({"key":"A","value":"in\n"})");
    EXPECT_EQ(items("A - B=2", ""), R"({"key":"A","value":""},{"key":"B","value":"2"})");
    EXPECT_EQ(items("-- A=-"), R"({"key":"A","value":"-"})");
    EXPECT_EQ(cli.run("set A=1 B=2 --json").out,
              R"({"ok":true,"key":"A","version":"1","pending_sync":3})"
              "\n"
              R"({"ok":true,"key":"B","version":"2","pending_sync":3})"
              "\n");
    EXPECT_EQ(cli.run("set A=1 --scope dev --visibility get --force").exit, 0);
    EXPECT_NE(script.last().find(R"("force":true)"), std::string::npos);
    EXPECT_NE(script.last().find(R"("scope":"dev","type":"","visibility":"get")"),
              std::string::npos);
}

// Answers as a daemon does, but refuses the call that brings X; keeps how much each call brought.
class Parts {
  public:
    Result<api::Reply> operator()(const api::Request& request) {
        api::Set::Reply reply;
        for (const auto& item : std::get<api::Set>(request).items) {
            if (item.key == "X") return fail(Code::denied, "No.");
            reply.keys.push_back(item.key);
            reply.versions.emplace_back("1");
        }
        const std::scoped_lock lock(mutex_);
        sizes_.push_back(reply.keys.size());
        return reply;
    }
    std::vector<std::size_t> take() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(sizes_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<std::size_t> sizes_;
};

TEST(Command, ASetOfManyGoesInPartsThatAFrameCanHold) {
    Parts parts;
    LocalDaemon daemon([&](const api::Request& request) { return parts(request); });
    const Cli cli(daemon.socket());
    std::string many, large;
    for (int i = 0; i < 1100; ++i)
        many += " K" + std::to_string(i) + "=v";
    write_whole(cli.folder() / "escaped", std::string(130'048, '\x01'));
    for (int i = 0; i < 3; ++i)
        large += " L" + std::to_string(i) + "=@escaped";

    const Outcome all = cli.run("set --json" + many);
    EXPECT_EQ(std::ranges::count(all.out, '\n'), 1100);
    EXPECT_EQ(parts.take(), (std::vector<std::size_t>{500, 500, 100}));
    EXPECT_EQ(cli.run("set" + large).exit, 0);
    EXPECT_EQ(parts.take(), (std::vector<std::size_t>{1, 1, 1}));
    const Outcome half = cli.run("set" + many + " X=1");
    EXPECT_EQ(half.exit, 6);
    EXPECT_EQ(half.out, "");
    EXPECT_EQ(half.err, "envmesh-cli: No. The first 1000 were set.\n");
}

TEST(Command, SetRefusesWhatItCannotTakeAndAsksNothing) {
    Script script;
    LocalDaemon daemon(
        script.answer([](const api::Request&) -> Result<api::Reply> { return api::Set::Reply(); }));
    const Cli cli(daemon.socket());
    write_whole(cli.folder() / "large", std::string(130'049, 'x'));
    write_whole(cli.folder() / "huge", std::string(1'048'576, 'x'));
    const std::vector<std::pair<std::string, int>> cases{
        {"", 2},
        {"A", 2},
        {"A - B -", 2},
        {"=x", 65},
        {"A=@large", 65},
        {"A=@huge", 65},
        {"A=@none", 3},
        {"A=@", 2},
        {"A - < huge", 65},
        {"A=1 --visibility all", 2},
    };
    for (const auto& [arguments, exit] : cases) {
        const Outcome outcome = cli.run("set " + arguments);
        EXPECT_EQ(outcome.exit, exit) << arguments << outcome.err;
        EXPECT_EQ(outcome.out, "") << arguments;
        EXPECT_NE(outcome.err, "") << arguments;
    }
    EXPECT_NE(cli.run("set A=@huge").err.find("130048"), std::string::npos);
    EXPECT_EQ(script.last(), "");
    write_whole(cli.folder() / "most", std::string(130'048, '\x01'));
    EXPECT_EQ(cli.run("set A=@most B=@most").exit, 0);
}

TEST(Command, AValueIsNeverRepeatedInAnError) {
    const Cli cli;
    for (const std::string arguments :
         {"get K=S3cret K=S3cret", "ste K=S3cret", "set K=S3cret --password=S3cret", "set K=S3cret",
          "list K=S3cret", "--json list K=S3cret"}) {
        const Outcome outcome = cli.run(arguments);
        EXPECT_NE(outcome.exit, 0);
        EXPECT_EQ(outcome.err.find("S3cret"), std::string::npos) << outcome.err;
    }
}

TEST(Command, DeleteAndLock) {
    LocalDaemon daemon([](const api::Request& request) -> Result<api::Reply> {
        if (std::holds_alternative<api::Delete>(request))
            return api::Delete::Reply{{"A"}, {"9"}, 1};
        return api::Done();
    });
    const Cli cli(daemon.socket());
    EXPECT_EQ(cli.run("delete A").out, "");
    EXPECT_EQ(cli.run("delete A --json").out,
              "{\"ok\":true,\"key\":\"A\",\"version\":\"9\",\"pending_sync\":1}\n");
    EXPECT_EQ(cli.run("lock --json").out, "{\"ok\":true}\n");
}

Result<api::Reply> list_pages(const api::Request& request) {
    const auto* asked = std::get_if<api::List>(&request);
    if (asked == nullptr) return fail(Code::internal, "Not asked for.");
    api::List::Reply page;
    api::Variable& one = page.variables.emplace_back();
    one.key = asked->after.empty() ? "A" : "B";
    one.updated_by = "evil\x1b[2J";
    if (asked->values) one.value = Secret("V1");
    if (asked->after.empty()) page.next = "s\nA";
    return page;
}

TEST(Command, ListShowsAllPagesAndValuesOnlyWhenAsked) {
    LocalDaemon daemon(list_pages);
    const Cli cli(daemon.socket());
    const Outcome plain = cli.run("list");
    EXPECT_NE(plain.out.find("\nA "), std::string::npos);
    EXPECT_NE(plain.out.find("\nB "), std::string::npos);
    EXPECT_EQ(plain.out.find("V1"), std::string::npos);
    EXPECT_EQ(plain.out.find('\x1b'), std::string::npos);
    EXPECT_NE(cli.run("list --values").out.find("V1"), std::string::npos);
    const std::string json = cli.run("list --json").out;
    EXPECT_TRUE(json.starts_with(R"([{"key":"A",)")) << json;
    EXPECT_TRUE(json.ends_with("}]\n"));
    EXPECT_EQ(json.find("value"), std::string::npos);
}

TEST(Command, StatusLeavesWithWhatTheStateMeans) {
    for (const auto& [state, exit] : std::vector<std::pair<std::string, int>>{
             {"unlocked", 0}, {"degraded", 0}, {"locked", 5}, {"absent", 5}}) {
        LocalDaemon daemon(always([reported = state]() -> Result<api::Reply> {
            api::Status::Reply reply;
            reply.state = reported;
            reply.tier = "offline";
            reply.devices = 2;
            return reply;
        }));
        const Cli cli(daemon.socket());
        const Outcome json = cli.run("status --json");
        EXPECT_EQ(json.exit, exit);
        EXPECT_TRUE(json.out.starts_with(
            R"({"schema":1,"state":")" + state +
            R"(","tier":"offline","server":null,"devices":2,"pending":0,"undecryptable":0,"last_contact":null)"))
            << json.out;
        EXPECT_EQ(cli.run("status").exit, exit);
    }
    const Outcome without = Cli().run("status --json");
    EXPECT_EQ(without.exit, 4);
    EXPECT_EQ(without.out, "");
}

TEST(Command, SyncThatIsNotCompleteSaysWhy) {
    LocalDaemon daemon(always([]() -> Result<api::Reply> {
        return api::Sync::Reply{false, 1, 2, 3, 4, 5, "No server is reachable."};
    }));
    daemon.release();
    const Outcome outcome = Cli(daemon.socket()).run("sync --wait 5s --json");
    EXPECT_EQ(outcome.exit, 7);
    EXPECT_EQ(
        outcome.out,
        R"({"ok":false,"complete":false,"received":1,"sent":2,"pending":3,"undecryptable":4,"expected":5,"reason":"No server is reachable."})"
        "\n");
    EXPECT_NE(outcome.err.find("INCOMPLETE"), std::string::npos);
    LocalDaemon complete(
        always([]() -> Result<api::Reply> { return api::Sync::Reply{true, 0, 0, 0, 0, 0, ""}; }));
    complete.release();
    EXPECT_EQ(Cli(complete.socket()).run("sync").exit, 0);
}

TEST(Command, PeersAndDevicesAsTablesAndJson) {
    LocalDaemon daemon([](const api::Request& request) -> Result<api::Reply> {
        if (std::holds_alternative<api::Peers>(request)) {
            api::Peers::Reply reply;
            reply.peers.push_back(
                {"d1", "desk", "member", "", true, false, 12, std::nullopt, "lan", "a:1", true});
            return reply;
        }
        if (std::holds_alternative<api::Probe>(request)) {
            api::Probe::Reply reply{"built in", "", {{"eth0", "asked", "down", 2}}, {}};
            reply.found.push_back({"i\n", "mdns", {"a", "b"}, 9, "", "", "of another mesh"});
            return reply;
        }
        api::Devices::Reply reply;
        reply.devices.push_back({"d1", "desk\n", "admin", true, false, 0});
        return reply;
    });
    const Cli cli(daemon.socket());
    EXPECT_EQ(
        cli.run("peers --json").out,
        R"([{"device":"d1","name":"desk","role":"member","online":true,"self":false,"rtt_ms":12,"last_seen":null,"link":"lan","address":"a:1","serves":true}])"
        "\n");
    EXPECT_NE(cli.run("peers").out.find("12 ms"), std::string::npos);
    EXPECT_NE(cli.run("peers").out.find("online, serves"), std::string::npos);
    EXPECT_EQ(
        cli.run("peers --probe --json").out,
        R"({"responder":"built in","announced":"","interfaces":[{"name":"eth0","mdns":"asked","broadcast":"down","heard":2}],"found":[{"instance":"i\n","way":"mdns","addresses":["a","b"],"port":9,"device":"","name":"","state":"of another mesh"}]})"
        "\n");
    EXPECT_NE(cli.run("peers --probe").out.find("i\\x0a"), std::string::npos);
    EXPECT_NE(cli.run("peers --probe").out.find("a b"), std::string::npos);
    EXPECT_NE(cli.run("devices").out.find("desk\\x0a"), std::string::npos);
    EXPECT_EQ(cli.run("devices list --json").out, cli.run("devices --json").out);
    EXPECT_NE(cli.run("devices --json").out.find(R"("name":"desk\n")"), std::string::npos);
}

TEST(Command, ConfigReloadAsksTheDaemon) {
    LocalDaemon daemon([](const api::Request& request) -> Result<api::Reply> {
        if (std::holds_alternative<api::Reload>(request)) return api::Done();
        return fail(Code::internal, "another call");
    });
    EXPECT_EQ(Cli(daemon.socket()).run("config reload --json").out, "{\"ok\":true}\n");
    EXPECT_EQ(Cli(daemon.socket()).run("config").exit, 2);
    EXPECT_EQ(Cli().run("config reload").exit, 4);
}

TEST(Command, ShutdownIsDoneWhenNobodyIsThere) {
    EXPECT_EQ(Cli().run("shutdown").exit, 0);
    LocalDaemon daemon;
    EXPECT_EQ(Cli(daemon.socket()).run("shutdown").exit, 0);
}

TEST(Command, VersionNamesBoth) {
    LocalDaemon daemon;
    EXPECT_EQ(Cli(daemon.socket()).run("version --json").out,
              "{\"cli\":\"" ENVMESH_VERSION "\",\"daemon\":\"9.8.7\"}\n");
    const Outcome alone = Cli().run("version --json");
    EXPECT_EQ(alone.exit, 0);
    EXPECT_EQ(alone.out, "{\"cli\":\"" ENVMESH_VERSION "\",\"daemon\":null}\n");
}

TEST(Command, WatchPrintsEventsUntilTheDaemonEnds) {
    LocalDaemon daemon;
    std::atomic<bool> done = false;
    std::thread events([&] {
        while (!done) {
            daemon.publish({"lock", "locked", "", {}, ""});
            daemon.publish({"shutdown", "", "", {}, ""});
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    const Outcome outcome = Cli(daemon.socket()).run("watch --json");
    done = true;
    events.join();
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_NE(
        outcome.out.find(R"({"event":"shutdown","state":"","reason":"","names":[],"device":""})"),
        std::string::npos);
}

TEST(Command, FailsWhenItsOutputIsLost) {
    LocalDaemon daemon(always([] { return variable("v"); }));
    EXPECT_EQ(Cli(daemon.socket()).run("get K > /dev/full").exit, 74);
}

TEST(Command, WrongCommandLinesAreUsageErrors) {
    const Cli cli;
    for (const std::string arguments :
         {"", "nope", "get", "delete", "--json", "list --timeout x", "--color blue list",
          "init --server-key ab", "invite --ttl x", "sync --wait 9d"})
        EXPECT_EQ(cli.run(arguments).exit, 2) << arguments;
    EXPECT_EQ(cli.run("--help").exit, 0);
}

} // namespace
} // namespace envmesh::test
