// SPDX-License-Identifier: MIT
// `doctor` against daemons that are in every kind of trouble.
#include "cli/doctor/trial.h"
#include "tests/cli/run_cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace envmesh::test {
namespace {

using Local = asio::local::stream_protocol;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// What the daemon is to say.
struct World {
    api::Status::Reply status;
    std::vector<std::pair<std::string, std::string>> variables{{"ONE", "1"}, {"TWO", "2"}};
    std::vector<std::string> skipped, missing, untrusted;
    std::optional<Error> export_error;
    api::Keychain::Reply keychain{true, "Secret Service", "there", true, {}};
    api::Injected::Reply injected;

    World() {
        status.state = "unlocked";
        status.tier = "cloud";
        status.server = "wss://192.0.2.7:8765";
        status.devices = 2;
        status.variables = 2;
        status.version = ENVMESH_VERSION;
    }
};

Result<api::Reply> exported(const World& world) {
    if (world.export_error) return std::unexpected(*world.export_error);
    api::Export::Reply reply;
    for (const auto& [key, value] : world.variables)
        reply.items.push_back({key, Secret(std::string_view(value))});
    reply.skipped = world.skipped;
    reply.missing = world.missing;
    return reply;
}

Result<api::Reply> answer(const World& world, const api::Request& request) {
    if (std::holds_alternative<api::Status>(request)) return world.status;
    if (std::holds_alternative<api::Peers>(request)) {
        api::Peers::Reply reply;
        reply.peers.resize(2);
        reply.peers[0].self = true;
        reply.peers[1].name = "canary-peer";
        return reply;
    }
    if (std::holds_alternative<api::Untrusted>(request)) {
        api::Untrusted::Reply reply;
        for (const std::string& name : world.untrusted) {
            reply.variables.emplace_back();
            reply.variables.back().key = name;
        }
        return reply;
    }
    if (std::holds_alternative<api::Export>(request)) return exported(world);
    if (std::holds_alternative<api::Keychain>(request)) return world.keychain;
    if (std::holds_alternative<api::Injected>(request)) return world.injected;
    return api::Done();
}

struct Found {
    int exit = -1;
    nlohmann::json all;
    std::string text;

    /// "check: state" of all that is not well.
    [[nodiscard]] std::vector<std::string> bad() const {
        std::vector<std::string> out;
        for (const auto& one : all)
            if (one["state"] != "ok")
                out.push_back(one["check"].get<std::string>() + ": " +
                              one["state"].get<std::string>());
        return out;
    }
    [[nodiscard]] std::string field(const std::string& check, const std::string& name) const {
        for (const auto& one : all)
            if (one["check"] == check) return one[name];
        return {};
    }
    [[nodiscard]] std::string message(const std::string& check) const {
        return field(check, "message");
    }
    [[nodiscard]] std::string fix(const std::string& check) const { return field(check, "fix"); }
};

Found examine(const Cli& cli, const std::string& arguments = {}) {
    const Outcome outcome = cli.run("doctor --json " + arguments);
    return {outcome.exit, nlohmann::json::parse(outcome.out, nullptr, false),
            outcome.out + outcome.err};
}

/// A person whose home has nothing but what EnvMesh is told to write.
void settle(Cli& cli, const std::filesystem::path& socket) {
    cli.set("HOME='" + cli.folder().string() + "'");
    cli.set("ENVMESH_HOME='" + socket.parent_path().string() + "'");
    cli.set("PATH='" + Cli::program().parent_path().string() + ":/usr/bin:/bin' SHELL=/bin/sh");
}

class Doctor : public testing::Test {
  protected:
    Doctor() {
        daemon_.service().shown_version = ENVMESH_VERSION;
        settle(cli_, daemon_.socket());
    }
    Found examine() { return test::examine(cli_); }
    /// The hook of bash between these.
    void start_bash_with(std::string_view before, std::string_view after = {}) {
        const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
        if (terminal < 0) GTEST_SKIP() << "there are no pseudo-terminals here (/dev/pts)";
        ::close(terminal);
        write_whole(bashrc(), before);
        ASSERT_EQ(cli_.run("hook install bash").exit, 0);
        write_whole(daemon_.socket().parent_path() / "generation", "1\n");
        write_whole(bashrc(), read_whole(bashrc()) + std::string(after));
    }
    [[nodiscard]] std::filesystem::path bashrc() const { return cli_.folder() / ".bashrc"; }

    World world_;
    LocalDaemon daemon_{[this](const api::Request& request) { return answer(world_, request); }};
    Cli cli_{daemon_.socket()};
};

TEST_F(Doctor, HasNothingToSayWhereAllIsWell) {
    start_bash_with("");
    const Found found = examine();
    EXPECT_THAT(found.bad(), IsEmpty()) << found.text;
    EXPECT_EQ(found.exit, 0);
    EXPECT_EQ(found.message("bash"), "a new shell gets 2 variables");
    EXPECT_EQ(found.message("connection"),
              "connected to the cloud server; 0 of 1 other machines are online");
}

TEST_F(Doctor, PrintsALineForEachCheckAndTheFixBelow) {
    world_.status.conflicts = 1;
    const Outcome outcome = cli_.run("doctor");
    EXPECT_EQ(outcome.exit, 0);
    EXPECT_THAT(outcome.out, HasSubstr("ok       daemon         answers\n"));
    EXPECT_THAT(outcome.out,
                HasSubstr("warning  conflicts      1 variable changed on two machines at once\n"
                          "         fix: envmesh-cli conflicts list\n"));
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(cli_.run("--color always doctor").out, HasSubstr("\x1b[33mwarning  \x1b[0m"));
}

TEST(DoctorWithoutADaemon, SaysHowToStartIt) {
    Cli cli;
    settle(cli, cli.folder() / "daemon.sock");
    const Found found = examine(cli);
    EXPECT_THAT(found.bad(), ElementsAre("daemon: fault"));
    EXPECT_EQ(found.exit, 1);
    EXPECT_EQ(found.message("daemon"), "no daemon runs");
    EXPECT_THAT(found.fix("daemon"), HasSubstr("envmesh-cli daemon install"));
}

class Listener {
  public:
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "daemon.sock"; }
    Local::acceptor& acceptor() { return acceptor_; }

  private:
    TemporaryFolder folder_;
    asio::io_context context_;
    Local::acceptor acceptor_{context_, Local::endpoint(path().string())};
};

TEST(DoctorWithoutADaemon, TellsASocketThatWasLeftBehind) {
    Listener listener;
    listener.acceptor().close();
    Cli cli(listener.path());
    settle(cli, listener.path());
    EXPECT_THAT(examine(cli).message("daemon"), HasSubstr("though its socket is there"));
}

TEST(DoctorWithoutADaemon, TellsADaemonThatIsStopped) {
    const Listener listener;
    Cli cli(listener.path());
    settle(cli, listener.path());
    const Found found = examine(cli, "--timeout 200ms");
    EXPECT_THAT(found.bad(), ElementsAre("daemon: fault"));
    EXPECT_THAT(found.message("daemon"), HasSubstr("does not answer"));
}

TEST(DoctorWithoutADaemon, TellsWhichSideIsTooOld) {
    Listener listener;
    std::thread daemon([&] {
        auto front_end = listener.acceptor().accept();
        const auto hello =
            ipc::frame(view(R"({"hello":{"protocol":[7,9],"version":"99","role":"daemon"}})"));
        boost::system::error_code ignored;
        asio::write(front_end, asio::buffer(hello->reveal().data(), hello->size()), ignored);
        std::array<char, 1024> buffer{};
        while (!ignored)
            front_end.read_some(asio::buffer(buffer), ignored);
    });
    Cli cli(listener.path());
    settle(cli, listener.path());
    const Found found = examine(cli);
    daemon.join();
    EXPECT_THAT(found.bad(), ElementsAre("daemon: fault"));
    EXPECT_THAT(found.message("daemon"), HasSubstr("This program (" ENVMESH_VERSION ") is older"));
    EXPECT_EQ(found.fix("daemon"), "Update this program.");
}

TEST_F(Doctor, PointsAtAnotherVersion) {
    daemon_.service().shown_version = "9.8.7";
    const Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("version: warning"));
    EXPECT_EQ(found.exit, 0) << "a warning is no fault";
    EXPECT_THAT(found.message("version"), HasSubstr("envmesh-daemon 9.8.7"));
}

TEST_F(Doctor, PointsAtAVaultThatCannotBeUsed) {
    world_.export_error = Error{Code::locked, "The vault is locked.", {}};
    world_.status.state = "absent";
    EXPECT_THAT(examine().bad(), ElementsAre("vault: fault"));
    EXPECT_THAT(examine().fix("vault"), HasSubstr("envmesh-cli init"));
    world_.status.state = "locked";
    EXPECT_THAT(examine().bad(), ElementsAre("vault: fault"));
    EXPECT_EQ(examine().fix("vault"), "envmesh-cli unlock");
    EXPECT_EQ(examine().exit, 1);
    world_.export_error.reset();
    world_.status.state = "degraded";
    EXPECT_THAT(examine().bad(), ElementsAre("vault: fault"));
}

TEST_F(Doctor, TellsWhatTheKeychainDoesForTheVault) {
    EXPECT_THAT(examine().message("keychain"), HasSubstr("Secret Service opens"));
    world_.keychain = {true, "kernel keyring", "there", false, "there is no bus"};
    EXPECT_THAT(examine().message("keychain"), HasSubstr("until the logout"));
    for (const std::string state : {"locked", "missing", "wrong", "unknown"}) {
        world_.keychain.key = state;
        EXPECT_THAT(examine().bad(), ElementsAre("keychain: warning")) << state;
        EXPECT_FALSE(examine().fix("keychain").empty());
    }
    world_.keychain = {false, "Secret Service", {}, true, {}};
    EXPECT_THAT(examine().bad(), IsEmpty());
    EXPECT_THAT(examine().message("keychain"), HasSubstr("keychain enable"));
    world_.keychain = {};
    EXPECT_THAT(examine().message("keychain"), HasSubstr("the password alone"));
    world_.status.state = "locked";
    EXPECT_THAT(examine().bad(), ElementsAre("vault: fault"));
}

TEST_F(Doctor, PointsAtALoginThatIsNotHeardOf) {
    EXPECT_EQ(examine().message("locking"), "") << "nothing is to lock, or it is heard of";
    world_.status.unheard = "There is no bus.";
    EXPECT_THAT(examine().bad(), ElementsAre("locking: warning"));
    EXPECT_THAT(examine().message("locking"), HasSubstr("There is no bus."));
    EXPECT_THAT(examine().fix("locking"), HasSubstr("lock.idle_minutes"));
}

TEST_F(Doctor, PointsAtWhatReachesNoOtherProgram) {
    EXPECT_EQ(examine().message("injection"), "") << "nothing is to";
    world_.injected.items = {{"CANARY_F", "shared", "there", {}}};
    world_.injected.places = {"systemd user manager"};
    EXPECT_EQ(examine().message("injection"), "1 variable for programs that no shell starts");
    world_.injected.items.push_back({"CANARY_G", "shared", "partly", "it is empty"});
    const Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("injection: warning"));
    EXPECT_EQ(found.fix("injection"), "envmesh-cli inject list");
    world_.injected.items.back().state = "refused";
    EXPECT_THAT(examine().bad(), ElementsAre("injection: warning"));
    world_.injected.places.clear();
    EXPECT_THAT(examine().bad(), ElementsAre("injection: warning"));
}

TEST_F(Doctor, PointsAtWhatIsNotInStep) {
    world_.status.pending = 3;
    world_.status.conflicts = 2;
    world_.status.undecryptable = 1;
    const Found found = examine();
    EXPECT_THAT(found.bad(),
                ElementsAre("records: warning", "pending: warning", "conflicts: warning"));
    EXPECT_EQ(found.exit, 0);
    EXPECT_EQ(found.message("pending"), "3 changes not sent yet");
    world_.status.undecryptable = 0;
    world_.status.held = 4;
    EXPECT_THAT(examine().message("records"), HasSubstr("4 records held back"));
}

TEST_F(Doctor, TellsWhereTheMachineStandsAndWhy) {
    world_.status.tier = "offline";
    world_.status.tier_reason = "no cloud: it is asleep";
    world_.status.last_contact_ms = 1'763'000'000'000;
    Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("connection: warning"));
    EXPECT_THAT(found.message("connection"), HasSubstr("it is asleep, last contact 2025-11-13T"));
    world_.status.tier = "lan";
    EXPECT_THAT(examine().message("connection"), HasSubstr("the local network stands in"));
    world_.status.server.clear();
    EXPECT_THAT(examine().bad(), IsEmpty()) << "a mesh without a cloud server";
    world_.status.tier = "offline";
    world_.status.devices = 1;
    world_.status.pending = 5;
    EXPECT_THAT(examine().bad(), IsEmpty()) << "there is nobody to send to";
}

TEST_F(Doctor, PointsAtAClockThatWasSetBack) {
    world_.status.last_contact_ms = 4'000'000'000'000;
    EXPECT_THAT(examine().bad(), ElementsAre("clock: warning"));
}

TEST_F(Doctor, TellsWhatDoesNotReachAShell) {
    world_.untrusted = {"GIT_SSH"};
    world_.skipped = {"GIT_SSH: b set it", "ODD: it is odd"};
    world_.missing = {"NEEDED"};
    const Found found = examine();
    EXPECT_THAT(found.bad(),
                ElementsAre("approval: warning", "left-out: warning", "project: fault"));
    EXPECT_EQ(found.exit, 1);
    EXPECT_EQ(found.fix("approval"), "envmesh-cli trust GIT_SSH");
    EXPECT_EQ(found.message("left-out"), "1 thing left out of exports: ODD: it is odd");
    EXPECT_EQ(found.fix("project"), "envmesh-cli set NEEDED");
}

TEST_F(Doctor, PointsAtVariablesOfItsOwn) {
    cli_.set("ENVMESH_PROFILE=work ENVMESH_SHELL=nonsense");
    const Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("environment: warning", "environment: fault"));
}

TEST_F(Doctor, PointsAtAFolderThatIsOpen) {
    std::filesystem::permissions(daemon_.socket().parent_path(),
                                 std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    const Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("folders: fault"));
    EXPECT_EQ(found.fix("folders"), "chmod 700 " + daemon_.socket().parent_path().string());
}

TEST_F(Doctor, PointsAtAHookThatStandsThereTwice) {
    start_bash_with("eval \"$(envmesh-cli export)\" # old\n");
    write_whole(bashrc(), read_whole(bashrc()) + read_whole(bashrc()));
    const Found found = examine();
    EXPECT_THAT(found.bad(), UnorderedElementsAre("bash-file: warning", "bash-file: warning"));
    EXPECT_THAT(found.text, HasSubstr(bashrc().string() + ":2, " + bashrc().string() + ":8"));
    EXPECT_THAT(found.text, HasSubstr("Take out what stands at " + bashrc().string() + ":1, " +
                                      bashrc().string() + ":7"));
}

TEST_F(Doctor, PointsAtAStartUpFileThatHasTheLastWord) {
    start_bash_with("", "PROMPT_COMMAND+=('export TWO=mine; unset ONE')\n");
    const Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("bash: fault", "bash: fault")) << found.text;
    EXPECT_THAT(found.text, HasSubstr("1 of 2 variables are taken away again in a new shell: ONE"));
    EXPECT_THAT(found.text, HasSubstr("1 of 2 variables get another value in a new shell: TWO"));
    EXPECT_THAT(found.text, Not(HasSubstr("mine")));
}

TEST_F(Doctor, PointsAtAStartUpFileThatDoesNotGetToTheHook) {
    start_bash_with("return\n");
    const Found found = examine();
    EXPECT_THAT(found.bad(), ElementsAre("bash: fault")) << found.text;
    EXPECT_THAT(found.message("bash"), HasSubstr("the hook does not run"));
}

TEST_F(Doctor, WritesABundleThatNamesNothing) {
    world_.variables = {{"CANARY_A", "canary-a"}, {"CANARY_B", "canary-b"}};
    world_.skipped = {"CANARY_C: canary-machine set it"};
    world_.missing = {"CANARY_D"};
    world_.untrusted = {"CANARY_E"};
    auto& now = world_.status;
    now.server = "wss://canary-host:1";
    now.device = now.name = now.mesh = now.reason = now.tier_reason = "canary-everything";
    now.state = now.tier = now.election = now.health = "canary-odd";
    now.version = "1.2-canary";
    daemon_.service().shown_version = "canary";
    start_bash_with("", "PROMPT_COMMAND+=('export CANARY_A=canary-other; unset CANARY_B')\n");
    const Found found = test::examine(cli_, "--bundle canary-report");
    EXPECT_THAT(found.text, HasSubstr("CANARY_A")) << "a person is told";
    const std::string report = read_whole(cli_.folder() / "canary-report");
    EXPECT_THAT(report, HasSubstr("fault\tbash\t1 of 2 variables get another value"));
    EXPECT_THAT(report, HasSubstr("envmesh-daemon (more)"));
    EXPECT_THAT(report, HasSubstr("\nexported 2\n"));
    EXPECT_THAT(report, Not(HasSubstr("canary")));
    EXPECT_THAT(report, Not(HasSubstr("CANARY")));
    EXPECT_THAT(report, Not(HasSubstr(cli_.folder().string())));
    EXPECT_EQ(std::filesystem::status(cli_.folder() / "canary-report").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(DoctorTrial, HearsWhatWasToldAndNotTheEcho) {
    cli::diagnosis::Sight sight{"same", true, true, false, true, 7, 1, 2, {"A"}, {"B", "C"}};
    const std::string text = "$ prog doctor-look bash n1\r\n" + told(sight, "n1") + "$ ";
    const auto heard = cli::diagnosis::heard(text, "n1");
    ASSERT_TRUE(heard);
    EXPECT_EQ(told(*heard, "n1"), told(sight, "n1"));
    EXPECT_EQ(heard->total, 7U);
    EXPECT_FALSE(cli::diagnosis::heard(text, "n2"));
    EXPECT_FALSE(cli::diagnosis::heard(text.substr(0, text.size() - 6), "n1"));
}

} // namespace
} // namespace envmesh::test
