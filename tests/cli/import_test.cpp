// SPDX-License-Identifier: MIT
// import and export --format by the real program, against a daemon that only remembers.
#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

namespace envmesh::test {
namespace {

using Values = std::map<std::string, std::string>;

class Memory {
  public:
    explicit Memory(Values values) : values_(std::move(values)) {}

    Result<api::Reply> operator()(const api::Request& request) {
        const std::scoped_lock lock(mutex_);
        if (const auto* asked = std::get_if<api::List>(&request)) return listed(*asked);
        if (std::holds_alternative<api::Export>(request)) return exported();
        const auto* asked = std::get_if<api::Set>(&request);
        if (asked == nullptr) return fail(Code::internal, "Not asked for.");
        scope_ = asked->scope;
        api::Set::Reply reply;
        for (const auto& item : asked->items) {
            values_[item.key] = item.value.reveal_text();
            reply.keys.push_back(item.key);
            reply.versions.emplace_back("1");
        }
        reply.pending_sync = 7;
        return reply;
    }
    Values values() {
        const std::scoped_lock lock(mutex_);
        return values_;
    }
    std::string scope() {
        const std::scoped_lock lock(mutex_);
        return scope_;
    }

  private:
    [[nodiscard]] Result<api::Reply> listed(const api::List& asked) const {
        api::List::Reply page;
        for (const auto& [key, value] : values_)
            for (const std::string scope : {"shared", "profile/other"}) {
                if (!asked.scope.empty() && asked.scope != scope) continue;
                api::Variable& one = page.variables.emplace_back();
                one.key = key;
                one.scope = scope;
                if (asked.values) one.value = Secret(scope == "shared" ? value : "another");
            }
        return page;
    }
    [[nodiscard]] Result<api::Reply> exported() const {
        api::Export::Reply page;
        for (const auto& [key, value] : values_)
            page.items.push_back({key, Secret(value)});
        return page;
    }

    std::mutex mutex_;
    Values values_;
    std::string scope_ = "none";
};

struct Machine {
    explicit Machine(Values values = {}) : memory(std::move(values)) {}

    Memory memory;
    LocalDaemon daemon{[this](const api::Request& request) { return memory(request); }};
    Cli cli{daemon.socket()};
};

TEST(Import, SetsWhatIsNewAndCounts) {
    Machine machine(Values{{"SAME", "1"}});
    write_whole(machine.cli.folder() / "a.env", "NEW=S3cret\nSAME=1\nLD_PRELOAD=x\n");
    const Outcome done = machine.cli.run("import a.env");
    EXPECT_EQ(done.exit, 0) << done.err;
    EXPECT_EQ(done.out, "added 1, changed 0, unchanged 1, skipped 1\n");
    EXPECT_EQ(machine.memory.values(), (Values{{"NEW", "S3cret"}, {"SAME", "1"}}));
    EXPECT_EQ(machine.memory.scope(), "");
}

TEST(Import, TellsNamesAndNeverValuesOfADryRun) {
    Machine machine(Values{{"SAME", "1"}, {"OTHER", "S3cret"}});
    write_whole(machine.cli.folder() / "a.json",
                R"({"OTHER":"S3cret2","NEW":"S3cret3","SAME":"1","PS1":"S3cret4"})");
    const Outcome done = machine.cli.run("import a.json --dry-run");
    EXPECT_EQ(done.exit, 0);
    EXPECT_EQ(done.out, "+ NEW\n~ OTHER\n= SAME\nadded 1, changed 1, unchanged 1, skipped 1\n");
    EXPECT_EQ(machine.cli.run("import a.json --dry-run --json").out,
              R"({"ok":true,"dry_run":true,"added":["NEW"],"changed":["OTHER"],)"
              R"("unchanged":["SAME"],"skipped":["PS1"],"pending_sync":0})"
              "\n");
    EXPECT_EQ(machine.memory.values(), (Values{{"SAME", "1"}, {"OTHER", "S3cret"}}));
}

TEST(Import, ReplacesOnlyWhenToldTo) {
    Machine machine(Values{{"A", "1"}, {"B", "1"}});
    write_whole(machine.cli.folder() / "a.env", "A=S3cret\nB=1\nC=3\n");
    const Outcome refused = machine.cli.run("import a.env");
    EXPECT_EQ(refused.exit, 8);
    EXPECT_EQ(refused.out, "");
    EXPECT_NE(refused.err.find("\"A\""), std::string::npos);
    EXPECT_EQ(refused.err.find("\"B\""), std::string::npos);
    EXPECT_EQ(refused.err.find("S3cret"), std::string::npos);
    EXPECT_EQ(machine.memory.values(), (Values{{"A", "1"}, {"B", "1"}}));
    EXPECT_EQ(machine.cli.run("import a.env --overwrite --json").out,
              R"({"ok":true,"dry_run":false,"added":["C"],"changed":["A"],"unchanged":["B"],)"
              R"("skipped":[],"pending_sync":7})"
              "\n");
    EXPECT_EQ(machine.memory.values(), (Values{{"A", "S3cret"}, {"B", "1"}, {"C", "3"}}));
}

// The same name in another scope is another variable.
TEST(Import, ComparesWithinItsScope) {
    Machine machine(Values{{"A", "1"}});
    write_whole(machine.cli.folder() / "a.env", "A=another\n");
    EXPECT_EQ(machine.cli.run("import a.env --scope profile/other --dry-run").out,
              "= A\nadded 0, changed 0, unchanged 1, skipped 0\n");
    EXPECT_EQ(machine.cli.run("import a.env --scope profile/new").exit, 0);
    EXPECT_EQ(machine.memory.scope(), "profile/new");
}

TEST(Import, NamesThatAreNoneRefuseAllOfIt) {
    Machine machine;
    write_whole(machine.cli.folder() / "a.env", "GOOD=1\nBAD-NAME=S3cret\n1ST=S3cret\n");
    const Outcome refused = machine.cli.run("import a.env");
    EXPECT_EQ(refused.exit, 65);
    EXPECT_NE(refused.err.find("\"BAD-NAME\", \"1ST\""), std::string::npos) << refused.err;
    EXPECT_EQ(refused.err.find("S3cret"), std::string::npos);
    EXPECT_EQ(machine.memory.values(), Values{});
    EXPECT_EQ(machine.cli.run("import a.env --skip-invalid").out,
              "added 1, changed 0, unchanged 0, skipped 2\n");
    EXPECT_EQ(machine.cli.run("import --filter '1*' --filter x a.env --prefix THE_").exit, 0);
    EXPECT_EQ(machine.memory.values(), (Values{{"GOOD", "1"}, {"THE_1ST", "S3cret"}}));
}

TEST(Import, TakesStandardInputAndItsOwnEnvironment) {
    Machine machine;
    EXPECT_EQ(machine.cli.run("import - --format yaml", "A: x\n").exit, 0);
    EXPECT_EQ(machine.cli.run("import - --format nul", std::string_view("B=\xff\0", 4)).exit, 0);
    const std::string own = "import --format env --filter 'MY*' --dry-run";
    const Cli& cli = machine.cli;
    write_whole(cli.folder() / "none", "");
    EXPECT_EQ(setenv("MY_OWN", "a\nb", 1), 0);
    EXPECT_EQ(cli.run(own).out, "+ MY_OWN\nadded 1, changed 0, unchanged 0, skipped 0\n");
    EXPECT_EQ(cli.run("import --format env --filter 'MY*'").exit, 0);
    EXPECT_EQ(unsetenv("MY_OWN"), 0);
    EXPECT_EQ(machine.memory.values(), (Values{{"A", "x"}, {"B", "\xff"}, {"MY_OWN", "a\nb"}}));
}

TEST(Import, RefusesACommandLineThatDoesNotSayWhat) {
    const Cli cli;
    write_whole(cli.folder() / "a.txt", "A=1");
    write_whole(cli.folder() / "a.json", "{\"A\":S3cret}");
    for (const auto& [arguments, exit] : std::vector<std::pair<std::string, int>>{
             {"", 2},
             {"-", 2},
             {"a.txt", 2},
             {"--format json", 2},
             {"a.txt --format xml", 2},
             {"a.txt --format docker", 2},
             {"none.env", 3},
             {"a.json", 65},
             {"a.txt --format dotenv", 4}}) { // read, and then there is no daemon
        const Outcome outcome = cli.run("import " + arguments);
        EXPECT_EQ(outcome.exit, exit) << arguments << outcome.err;
        EXPECT_EQ(outcome.out, "") << arguments;
        EXPECT_EQ(outcome.err.find("S3cret"), std::string::npos);
    }
}

TEST(ExportFormat, PrintsOrReplacesAFileThatIsPrivate) {
    Machine machine(Values{{"AWS_KEY", "k"}, {"AWS_ID", "i"}, {"OTHER", "o"}});
    const Cli& cli = machine.cli;
    EXPECT_EQ(cli.run("export --format docker").out, "AWS_ID=i\nAWS_KEY=k\nOTHER=o\n");
    EXPECT_EQ(cli.run("export --format docker --only 'AWS_*' --only '?THER'").out,
              "AWS_ID=i\nAWS_KEY=k\nOTHER=o\n");
    EXPECT_EQ(cli.run("export --format docker --only '*_KEY'").out, "AWS_KEY=k\n");
    EXPECT_EQ(cli.run("--timeout 30s export --strict --shell sh --only '*_KEY'").out,
              "\\export AWS_KEY='k'\n");

    write_whole(cli.folder() / "file", "before");
    std::filesystem::permissions(cli.folder() / "file", std::filesystem::perms(0644));
    std::filesystem::create_symlink("file", cli.folder() / "link");
    const Outcome saved = cli.run("export --format nul --only OTHER -o link");
    EXPECT_EQ(saved.exit, 0) << saved.err;
    EXPECT_EQ(saved.out, "");
    EXPECT_EQ(read_whole(cli.folder() / "file"), std::string("OTHER=o\0", 8));
    EXPECT_TRUE(std::filesystem::is_symlink(cli.folder() / "link"));
    EXPECT_EQ(std::filesystem::status(cli.folder() / "file").permissions(),
              std::filesystem::perms(0600));
    EXPECT_EQ(cli.run("--timeout 30s export --shell sh --only OTHER -o lines").exit, 0);
    EXPECT_EQ(read_whole(cli.folder() / "lines"), "\\export OTHER='o'\n");
}

TEST(ExportFormat, AFailureIsOneAndLeavesNothingBehind) {
    Machine machine(Values{{"FINE", "f"}, {"LINES", "S3cret\n"}});
    const Cli& cli = machine.cli;
    write_whole(cli.folder() / "file", "before");
    for (const auto& [arguments, exit] :
         std::vector<std::pair<std::string, int>>{{"--format docker", 65},
                                                  {"--format docker -o file", 65},
                                                  {"--format xml", 2},
                                                  {"--format env", 2},
                                                  {"--format nul --shell sh", 2},
                                                  {"--format nul -o .", 65},
                                                  {"--format nul -o none/file", 3}}) {
        const Outcome outcome = cli.run("export " + arguments);
        EXPECT_EQ(outcome.exit, exit) << arguments << outcome.err;
        EXPECT_EQ(outcome.out, "") << arguments;
        EXPECT_EQ(outcome.err.find("S3cret"), std::string::npos);
    }
    EXPECT_NE(cli.run("export --format docker").err.find("LINES"), std::string::npos);
    EXPECT_EQ(read_whole(cli.folder() / "file"), "before");
    EXPECT_EQ(cli.run("export --format docker --only FINE").exit, 0);
    EXPECT_EQ(Cli().run("export --format json").exit, 4);
    EXPECT_EQ(Cli().run("export -o file").exit, 4);
}

} // namespace
} // namespace envmesh::test
