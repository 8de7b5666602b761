// SPDX-License-Identifier: MIT
#include "core/base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace envmesh {
namespace {

constexpr int codes = static_cast<int>(Code::storage) + 1;

TEST(Error, EveryCodeHasItsOwnWireNameAndComesBackFromIt) {
    std::set<std::string_view> names;
    for (int i = 0; i < codes; ++i) {
        const auto code = static_cast<Code>(i);
        names.insert(wire_name(code));
        EXPECT_EQ(code_from_wire(wire_name(code)), code) << wire_name(code);
        EXPECT_NE(exit_status(code), 0) << wire_name(code);
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(codes));
}

TEST(Error, AnUnknownWireNameIsInternal) {
    EXPECT_EQ(code_from_wire("INVENTED_LATER"), Code::internal);
    EXPECT_EQ(code_from_wire("not_found"), Code::internal); // wire names are upper case
    EXPECT_EQ(code_from_wire(""), Code::internal);
}

TEST(Error, ExitStatusesAreThoseThatScriptsRelyOn) {
    EXPECT_EQ(exit_status(Code::usage), 2);
    EXPECT_EQ(exit_status(Code::not_found), 3);
    EXPECT_EQ(exit_status(Code::unreachable), 4);
    EXPECT_EQ(exit_status(Code::timeout), 4);
    EXPECT_EQ(exit_status(Code::locked), 5);
    EXPECT_EQ(exit_status(Code::denied), 6);
    EXPECT_EQ(exit_status(Code::incomplete), 7);
    EXPECT_EQ(exit_status(Code::too_new), 9);
    EXPECT_EQ(exit_status(Code::invalid), 65);
    EXPECT_EQ(exit_status(Code::corrupt), 74);
}

TEST(Error, FailCarriesAllThreeParts) {
    const Result<int> result = fail(Code::not_found, "There is no variable X.", "Set it.");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::not_found);
    EXPECT_EQ(result.error().message, "There is no variable X.");
    EXPECT_EQ(result.error().fix, "Set it.");
}

} // namespace
} // namespace envmesh
