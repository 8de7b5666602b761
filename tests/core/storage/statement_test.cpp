// SPDX-License-Identifier: MIT
#include "core/storage/database.h"

#include "tests/core/storage/fixture.h"

namespace envmesh::storage {
namespace {

using StatementTest = StorageTest;

TEST_F(StatementTest, CarriesEveryKindOfValue) {
    const auto database = opened(file);
    auto row = database->use("SELECT ?1, ?2, ?3, ?4, ?5, ?6");
    const Bytes bytes{0, 1, 255};
    row.bind(1, std::int64_t{-5}).bind(2, bytes).bind(3, std::string_view("ä\0b", 4)).bind_null(4);
    row.bind(5, View{}).bind(6, std::string_view{});
    ASSERT_TRUE(row.step().value());
    EXPECT_EQ(row.integer(0), -5);
    EXPECT_TRUE(std::ranges::equal(row.bytes(1), bytes));
    EXPECT_EQ(row.text(2), std::string_view("ä\0b", 4));
    EXPECT_TRUE(row.is_null(3));
    EXPECT_FALSE(row.is_null(4)) << "empty is not null";
    EXPECT_FALSE(row.is_null(5)) << "empty is not null";
    EXPECT_FALSE(row.step().value());
}

TEST_F(StatementTest, ForgetsBindingsBetweenUses) {
    const auto database = opened(file);
    {
        auto row = database->use("SELECT ?1");
        ASSERT_TRUE(row.bind(1, std::int64_t{7}).step().value());
    }
    auto row = database->use("SELECT ?1");
    ASSERT_TRUE(row.step().value());
    EXPECT_TRUE(row.is_null(0));
}

TEST_F(StatementTest, SameTextInUseTwiceIsTwoStatements) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)"));
    auto outer = database->use("SELECT v FROM t ORDER BY v");
    ASSERT_TRUE(outer.step().value());
    {
        auto inner = database->use("SELECT v FROM t ORDER BY v");
        ASSERT_TRUE(inner.step().value());
        EXPECT_EQ(inner.integer(0), 1);
    }
    ASSERT_TRUE(outer.step().value());
    EXPECT_EQ(outer.integer(0), 2);
}

TEST_F(StatementTest, MistakesAreToldByStep) {
    const auto database = opened(file);
    EXPECT_FALSE(database->use("SELECT nonsense FROM nowhere").step());
    EXPECT_FALSE(database->use("SELECT ?1").bind(2, std::int64_t{1}).step());
    EXPECT_FALSE(database->run("CREATE TABLE t (v); nonsense"));
}

} // namespace
} // namespace envmesh::storage
