// SPDX-License-Identifier: MIT
#include "cli/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envmesh::cli {
namespace {

struct Given {
    std::string name, value;
    Mode mode = Mode::replace;
};

// A shell: what it exports, among it the marks.
class Followed {
  public:
    std::map<std::string, std::string> has;

    /// The names that were touched.
    std::vector<std::string> follow(const std::vector<Given>& given) {
        std::vector<Wanted> wanted;
        for (const Given& one : given)
            wanted.push_back({one.name, view(one.value), one.mode});
        const auto environment = [this](const std::string& name) {
            const auto found = has.find(name);
            return found == has.end() ? std::nullopt
                                      : std::optional<std::string_view>(found->second);
        };
        const auto due =
            changes(wanted, marks_from(environment(marks_variable).value_or("")), environment);
        const auto written = to_text(due.marks);
        left_out = written.left_out;
        std::vector<std::string> touched;
        for (const auto& [name, value] : due.items) {
            touched.push_back(name);
            if (value)
                has[name] = value->reveal_text();
            else
                has.erase(name);
        }
        has.erase(marks_variable);
        if (!written.text.empty()) has[marks_variable] = written.text;
        return touched;
    }
    std::size_t left_out = 0;
};

using Names = std::vector<std::string>;
using Has = std::map<std::string, std::string>;

TEST(Changes, AreSetAndUndoneWithoutATrace) {
    Followed shell;
    shell.has = {{"HOME", "/h"}};
    EXPECT_EQ(shell.follow({{"A", "1"}, {"B", ""}}), (Names{"A", "B"}));
    EXPECT_EQ(shell.follow({{"A", "1"}, {"B", ""}}), Names());
    EXPECT_EQ(shell.follow({{"A", "2"}, {"B", ""}}), Names{"A"});
    EXPECT_EQ(shell.has["A"], "2");
    EXPECT_EQ(shell.follow({{"A", "2"}}), Names{"B"});
    EXPECT_EQ(shell.follow({}), Names{"A"});
    EXPECT_EQ(shell.has, (Has{{"HOME", "/h"}}));
}

TEST(Changes, GiveBackWhatWasThereBefore) {
    Followed shell;
    shell.has = {{"A", "mine"}, {"EMPTY", ""}, {"RAW", "\xff\n"}};
    const Has before = shell.has;
    shell.follow({{"A", "1"}, {"EMPTY", "1"}, {"RAW", "1"}});
    shell.follow({{"A", "2"}, {"EMPTY", "2"}, {"RAW", "2"}});
    shell.follow({});
    EXPECT_EQ(shell.has, before);
}

TEST(Changes, LeaveAPersonsOwnChangeAloneUntilTheValueIsNew) {
    Followed shell;
    shell.follow({{"A", "1"}, {"B", "1"}});
    shell.has["A"] = "mine";
    shell.has.erase("B");
    EXPECT_EQ(shell.follow({{"A", "1"}, {"B", "1"}, {"C", "1"}}), Names{"C"});
    EXPECT_EQ(shell.follow({{"A", "2"}, {"B", "1"}}), (Names{"A", "C"}));
    EXPECT_EQ(shell.follow({}), Names{"A"}) << "and B is forgotten";
    EXPECT_EQ(shell.has, (Has{{"A", "mine"}}));
}

TEST(Changes, ForgetWhatAPersonChangedWhenItIsDeleted) {
    Followed shell;
    shell.follow({{"A", "1"}});
    shell.has["A"] = "mine";
    EXPECT_EQ(shell.follow({}), Names());
    EXPECT_EQ(shell.has, (Has{{"A", "mine"}}));
}

TEST(Changes, TakeOverWhatIsThereWithTheSameValue) {
    Followed shell;
    shell.has = {{"A", "1"}}; // from the session, or from `export`
    EXPECT_EQ(shell.follow({{"A", "1"}}), Names());
    EXPECT_EQ(shell.follow({}), Names{"A"});
    EXPECT_EQ(shell.has, Has());
}

TEST(Changes, OfAListAddOnePartAndTakeOutExactlyThat) {
    Followed shell;
    shell.has = {{"PATH", "/usr/bin:/bin"}};
    const Given tools{"PATH", "/tools", Mode::prepend};
    EXPECT_EQ(shell.follow({tools, {"MANPATH", "/man", Mode::append}}), (Names{"PATH", "MANPATH"}));
    EXPECT_EQ(shell.has["PATH"], "/tools:/usr/bin:/bin");
    EXPECT_EQ(shell.has["MANPATH"], "/man");
    shell.has["PATH"] = "/mine:/tools:/usr/bin:/bin:/tools2";
    EXPECT_EQ(shell.follow({tools}), Names{"MANPATH"});
    EXPECT_EQ(shell.follow({{"PATH", "/new:/er", Mode::append}}), Names{"PATH"});
    EXPECT_EQ(shell.has["PATH"], "/mine:/usr/bin:/bin:/tools2:/new:/er");
    EXPECT_EQ(shell.follow({}), Names{"PATH"});
    EXPECT_EQ(shell.has, (Has{{"PATH", "/mine:/usr/bin:/bin:/tools2"}}));
}

TEST(Changes, OfAListLeaveAPersonsOwnPartsAlone) {
    Followed shell;
    shell.has = {{"PATH", "/tools:/bin"}};
    EXPECT_EQ(shell.follow({{"PATH", "/tools", Mode::prepend}}), Names());
    EXPECT_EQ(shell.follow({}), Names());
    shell.has["PATH"] = "";
    shell.follow({{"PATH", "/tools", Mode::prepend}});
    EXPECT_EQ(shell.has["PATH"], "/tools") << "an empty part would be the current folder";
    shell.has["PATH"] = "/bin";
    EXPECT_EQ(shell.follow({{"PATH", "/all", Mode::replace}}), Names{"PATH"});
    shell.follow({});
    EXPECT_EQ(shell.has, (Has{{"PATH", "/bin"}}));
}

// What a login shell does: it inherits the marks, and its start-up files assign the list anew.
TEST(Changes, OfAListPutInAPartThatIsThereNoMore) {
    for (const Mode mode : {Mode::prepend, Mode::append}) {
        Followed shell;
        shell.has = {{"PATH", "/bin"}};
        shell.follow({{"PATH", "/tools", mode}});
        shell.has["PATH"] = "/usr/bin:/toolsmith";
        EXPECT_EQ(shell.follow({{"PATH", "/tools", mode}}), Names{"PATH"});
        EXPECT_EQ(shell.follow({{"PATH", "/tools", mode}}), Names());
        EXPECT_EQ(shell.has["PATH"], mode == Mode::prepend ? "/tools:/usr/bin:/toolsmith"
                                                           : "/usr/bin:/toolsmith:/tools");
        shell.has.erase("PATH");
        EXPECT_EQ(shell.follow({{"PATH", "/tools", mode}}), Names{"PATH"});
        EXPECT_EQ(shell.has["PATH"], "/tools");
        shell.follow({});
        EXPECT_EQ(shell.has, Has());
    }
}

TEST(Changes, OfAListThatWasEmptyLeaveItEmpty) {
    for (const Mode mode : {Mode::prepend, Mode::append}) {
        Followed shell;
        shell.has = {{"LIST", ""}};
        EXPECT_EQ(shell.follow({{"LIST", "/a", mode}}), Names{"LIST"});
        EXPECT_EQ(shell.has["LIST"], "/a");
        EXPECT_EQ(shell.follow({{"LIST", "/b", mode}}), Names{"LIST"});
        EXPECT_EQ(shell.has["LIST"], "/b");
        EXPECT_EQ(shell.follow({}), Names{"LIST"});
        EXPECT_EQ(shell.has, (Has{{"LIST", ""}}));
    }
}

std::string marks_of(const std::vector<Given>& given) {
    Followed shell;
    shell.has = {{"A", "before"}};
    shell.follow(given);
    return shell.has[marks_variable];
}

TEST(Marks, AreReadBackAndShowNoValue) {
    const std::string text =
        marks_of({{"A", "secret"}, {"L", "/part", Mode::prepend}, {"M", "/part", Mode::append}});
    EXPECT_EQ(to_text(marks_from(text)).text, text);
    EXPECT_EQ(marks_from(text).size(), 3U);
    EXPECT_EQ(text.find("secret"), std::string::npos);
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST(Marks, ThatAreCutOrChangedAreNone) {
    const std::string text = marks_of({{"A", "1"}, {"B", "2"}});
    ASSERT_EQ(marks_from(text).size(), 2U);
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_TRUE(marks_from(text.substr(0, size)).empty()) << size;
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] = changed[at] == 'x' ? 'y' : 'x';
        EXPECT_TRUE(marks_from(changed).empty()) << changed;
    }
    for (const std::string_view nonsense : {"", " ", "1", "1 ", "2 0123456789abcdef A=0", "\xff"})
        EXPECT_TRUE(marks_from(nonsense).empty());
}

// The sum guards against nobody, so a forged text can be right.
TEST(Marks, OfNamesThatMayNeverBeExportedAreNone) {
    Marks forged;
    for (const std::string name : {"BASH_ENV", "PS4", "LD_PRELOAD", "_envmesh_seen", "FREE"})
        forged.emplace(name, Mark{.before = Secret(std::string_view("before")), .part = {}});
    const auto read = marks_from(to_text(forged).text);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read.begin()->first, "FREE");
}

TEST(Marks, HaveALimitAndWhatIsBeyondIsNotUndone) {
    Followed shell;
    std::vector<Given> many;
    for (int i = 0; i < 1000; ++i)
        many.push_back({std::string(200, 'N') + std::to_string(i), "1"});
    EXPECT_EQ(shell.follow(many).size(), 1000U);
    EXPECT_GT(shell.left_out, 300U);
    EXPECT_LE(shell.has[marks_variable].size(), most_marks_bytes);
    EXPECT_EQ(shell.follow(many), Names());
    const auto left_out = shell.left_out;
    shell.follow({});
    EXPECT_EQ(shell.has.size(), left_out);
}

TEST(Marks, KeepSmallValuesThatWereThereBeforeAndNotLargeOnes) {
    Followed shell;
    shell.has = {{"A", std::string(5000, 'a')}, {"B", "b"}, {"C", "c"}};
    shell.follow({{"A", "1"}, {"B", "1"}, {"C", "1"}});
    EXPECT_LT(shell.has[marks_variable].size(), 200U);
    shell.follow({});
    EXPECT_EQ(shell.has, (Has{{"B", "b"}, {"C", "c"}}));
}

} // namespace
} // namespace envmesh::cli
