// SPDX-License-Identifier: MIT
#include "core/base/log.h"

#include <gtest/gtest.h>

namespace envmesh {
namespace {

template <class T>
concept Loggable = requires(const T& value) { detail::log_text(value); };
static_assert(!Loggable<Secret> && !Loggable<Key>);
static_assert(Loggable<std::string> && Loggable<std::uint16_t>);

class Log : public testing::Test {
  protected:
    Log() {
        set_log_sink([this](Level, std::string_view line) { lines_.emplace_back(line); });
    }
    ~Log() override { set_log_sink({}); }

    std::vector<std::string> lines_;
};

TEST_F(Log, PutsPairsBehindTheEvent) {
    log_info("link up", "peer", "laptop", "port", std::uint16_t{8765}, "delta", -3);
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0], "link up peer=laptop port=8765 delta=-3");
}

TEST_F(Log, AHostileNameCannotForgeALine) {
    log_warning("refused", "name", "x\n2026 error owned=1\x1b[2J\x7f");
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0].find_first_of("\n\x1b\x7f"), std::string::npos);
    EXPECT_NE(lines_[0].find("\\x0a"), std::string::npos);
}

TEST_F(Log, QuotesWhatCouldBeReadAsAnotherPair) {
    log_info("e", "a", "", "b", "1 c=2", "d", R"(say "x")");
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0], R"(e a="" b="1 c=2" d="say \"x\"")");
}

TEST_F(Log, LeavesOutWhatIsBelowTheLevel) {
    set_log_sink([this](Level, std::string_view line) { lines_.emplace_back(line); },
                 Level::warning);
    log_debug("a");
    log_info("b");
    log_warning("c");
    log_error("d");
    EXPECT_EQ(lines_, (std::vector<std::string>{"c", "d"}));
}

} // namespace
} // namespace envmesh
