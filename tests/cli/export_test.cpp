// SPDX-License-Identifier: MIT
// A shell waits for `export` in its start-up file: whatever the daemon does, it must go on.
#include "tests/cli/run_cli.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace envmesh::test {
namespace {

using Local = asio::local::stream_protocol;

// Not a measurement: far above the 150 ms allowed and far below every other timeout. On a busy
// machine one of three tries is enough to tell.
void expect_empty_and_soon(const Cli& cli, const std::string& arguments) {
    for (int attempt = 0;; ++attempt) {
        const auto start = std::chrono::steady_clock::now();
        const Outcome outcome = cli.run(arguments);
        const auto took = std::chrono::steady_clock::now() - start;
        EXPECT_EQ(outcome.exit, 0);
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(outcome.err, "");
        if (took < std::chrono::seconds(1)) return;
        if (attempt == 2) FAIL() << "export took longer than a second";
    }
}

void expect_empty_and_soon(const Cli& cli) {
    expect_empty_and_soon(cli, "export");
    expect_empty_and_soon(cli, "export --hook --shell nu"); // where nothing is not even an object
}

TEST(Export, WithoutADaemon) {
    const Cli cli;
    expect_empty_and_soon(cli);
    EXPECT_EQ(cli.run("export --strict").exit, 4);
    EXPECT_EQ(cli.run("export --shell nu").out, "{}\n") << "from nothing nu makes an error";
}

class Listener {
  public:
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "s"; }
    Local::acceptor& acceptor() { return acceptor_; }
    asio::io_context& context() { return context_; }

  private:
    TemporaryFolder folder_;
    asio::io_context context_;
    Local::acceptor acceptor_{context_, Local::endpoint(path().string())};
};

TEST(Export, WithASocketThatNobodyServes) {
    Listener listener;
    listener.acceptor().close();
    ASSERT_TRUE(std::filesystem::exists(listener.path()));
    expect_empty_and_soon(Cli(listener.path()));
}

// What a stopped process looks like from outside: the system accepts for it, nothing answers.
TEST(Export, WithADaemonThatIsStopped) {
    Listener listener;
    const Cli cli(listener.path());
    expect_empty_and_soon(cli);
    EXPECT_EQ(cli.run("export --strict").exit, 4);
}

TEST(Export, WithADaemonWhoseQueueIsFull) {
    Listener listener;
    listener.acceptor().listen(1);
    std::list<Local::socket> waiting;
    for (int i = 0; i < 8; ++i) {
        boost::system::error_code ignored;
        Local::socket& socket = waiting.emplace_back(listener.context());
        socket.open();
        socket.non_blocking(true);
        socket.connect(Local::endpoint(listener.path().string()), ignored);
    }
    expect_empty_and_soon(Cli(listener.path()));
}

// Answers each connection with these bytes and keeps it open.
class Babbler {
  public:
    explicit Babbler(std::string bytes) : bytes_(std::move(bytes)) {
        thread_ = std::thread([this] { babble(); });
    }
    Babbler(const Babbler&) = delete;
    Babbler& operator=(const Babbler&) = delete;
    ~Babbler() {
        done_ = true;
        Local::socket last(listener_.context());
        last.connect(Local::endpoint(listener_.path().string()));
        thread_.join();
    }
    [[nodiscard]] std::filesystem::path path() const { return listener_.path(); }

  private:
    void babble() {
        std::list<Local::socket> open;
        while (!done_) {
            open.push_back(listener_.acceptor().accept());
            boost::system::error_code ignored;
            asio::write(open.back(), asio::buffer(bytes_), ignored);
        }
    }

    std::string bytes_;
    Listener listener_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

std::string framed(std::string_view body) {
    return std::string(ipc::frame(view(body)).value().reveal_text());
}
const std::string hello = framed(R"({"hello":{"protocol":[1,1],"version":"1"}})");

TEST(Export, WithADaemonThatTalksNonsense) {
    const std::string item = R"({"key":"A","value":"1"})";
    for (const std::string& bytes :
         {hello.substr(0, 20), std::string(4096, '\xff'), framed("garbage"), hello,
          hello + framed("garbage"), hello + framed(R"({"id":1,"ok":true})"),
          hello + framed(R"({"id":1,"ok":true,"items":[)" + item + "]}").substr(0, 30),
          hello + framed(R"({"id":1,"ok":true,"next":"A","items":[)" + item + "]}"),
          hello + framed(R"({"id":1,"ok":true,"items":[{"key":"A"}]})"),
          hello + framed(R"({"id":1,"error":{"code":"LOCKED","message":"Locked."}})")}) {
        const Babbler babbler(bytes);
        expect_empty_and_soon(Cli(babbler.path()));
    }
}

Result<api::Reply> two_pages(const api::Request& request) {
    const auto* asked = std::get_if<api::Export>(&request);
    if (asked == nullptr) return fail(Code::internal, "Not asked for.");
    api::Export::Reply page;
    if (asked->after.empty()) {
        page.items.push_back({"A", Secret("it's")});
        page.items.push_back({"X;touch canary;Y", Secret("v")});
        page.next = "A";
    } else {
        page.items.push_back({"B", Secret("\xff\n")});
        page.skipped = {"LD_PRELOAD: reserved"};
    }
    return page;
}

TEST(Export, PrintsAllPagesForTheShellThatIsNamed) {
    LocalDaemon daemon(two_pages);
    const Cli cli(daemon.socket());
    // Far more than 150 ms, for programs that a sanitizer slows down.
    const std::string strict = "--timeout 30s export --strict --shell ";
    EXPECT_EQ(cli.run(strict + "sh").out, "\\export A='it'\\''s'\n\\export B='\xff\n'\n");
    EXPECT_EQ(cli.run(strict + "bash").out,
              "\\command export A=$'it\\047s'\n\\command export B=$'\\377\\012'\n");
    EXPECT_NE(cli.run(strict + "zsh").out.find("\\export A=$'it\\047s';;"), std::string::npos);
    const Outcome unknown = cli.run("export --shell csh");
    EXPECT_EQ(unknown.exit, 2);
    EXPECT_EQ(unknown.out, "");
}

// What the program inherits.
class Inherited {
  public:
    Inherited(std::string name, const std::string& value) : name_(std::move(name)) {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    Inherited(const Inherited&) = delete;
    Inherited& operator=(const Inherited&) = delete;
    ~Inherited() { ::unsetenv(name_.c_str()); }

  private:
    std::string name_;
};

TEST(Export, ForAHookPrintsOnlyWhatDiffersFromTheShell) {
    LocalDaemon daemon(two_pages);
    const Cli cli(daemon.socket());
    const auto export_for_hook = [&] {
        return cli.run("--timeout 30s export --strict --hook --shell sh").out;
    };
    const std::string begin = "\\export ENVMESH_STATE='";
    const Inherited old("A", "old");
    const std::string all = export_for_hook();
    const auto marks = all.find(begin);
    ASSERT_NE(marks, std::string::npos);
    EXPECT_EQ(all.substr(0, marks), "\\export A='it'\\''s'\n\\export B='\xff\n'\n");
    EXPECT_NE(all.find(":b2xk ", marks), std::string::npos) << "what was there before";

    const Inherited a("A", "it's");
    const Inherited b("B", "\xff\n");
    const auto from = marks + begin.size();
    const Inherited state("ENVMESH_STATE", all.substr(from, all.find('\'', from) - from));
    EXPECT_EQ(export_for_hook(), all.substr(marks)) << "the marks alone: it was reached";
}

Result<api::Reply> a_path(const api::Request& /*request*/) {
    api::Export::Reply page;
    page.items.push_back({"A", Secret("1")});
    page.items.push_back({"TOOLS", Secret("/tools"), "path"});
    page.items.push_back({"LATER", Secret("/later"), "path-append"});
    return page;
}

// tmux sets what new windows start with, and whatever its server had there would be gone.
TEST(Export, LeavesOutPathsForTmux) {
    LocalDaemon daemon(a_path);
    Cli cli(daemon.socket());
    cli.set("TMUX= TMUX_TMPDIR=."); // no server
    const std::string out = cli.run("--timeout 30s export --strict --shell tmux").out;
    EXPECT_NE(out.find("set-environment -g A \"1\""), std::string::npos) << out;
    EXPECT_EQ(out.find("TOOLS"), std::string::npos) << out;
    EXPECT_EQ(out.find("LATER"), std::string::npos) << out;
}

// More of these than half of what a program can be given, one page each; then a small one.
Result<api::Reply> endless_pages(const api::Request& request) {
    const auto most = static_cast<std::size_t>(sysconf(_SC_ARG_MAX)) / 2;
    const std::string& after = std::get<api::Export>(request).after;
    const std::size_t number = after.empty() ? 0 : std::stoul(after.substr(1));
    api::Export::Reply page;
    if (number * 100'000 > most) {
        page.items.push_back({"SMALL", Secret("kept")});
        return page;
    }
    const std::string value(100'000 + number, 'v');
    page.next = "L" + std::to_string(number + 1);
    page.items.push_back({page.next, Secret(std::string_view(value))});
    return page;
}

TEST(Export, LeavesOutTheLargestOfMoreThanAProgramCanBeGiven) {
    LocalDaemon daemon(endless_pages);
    const std::string out =
        Cli(daemon.socket()).run("--timeout 30s export --strict --shell sh").out;
    const auto most = static_cast<std::size_t>(sysconf(_SC_ARG_MAX)) / 2;
    EXPECT_LE(out.size(), most + 1'000); // quotes and "export"
    EXPECT_GT(out.size(), most - 200'000);
    EXPECT_NE(out.find("\\export L1='"), std::string::npos);
    EXPECT_NE(out.find("\\export SMALL='kept'"), std::string::npos);
}

} // namespace
} // namespace envmesh::test
