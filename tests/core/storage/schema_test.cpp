// SPDX-License-Identifier: MIT
#include "core/storage/schema.h"

#include "tests/core/storage/fixture.h"

#include <array>

namespace envmesh::storage {
namespace {

class SchemaTest : public StorageTest {
  public:
    static std::int64_t version(Database& database) {
        auto row = database.use("PRAGMA user_version");
        EXPECT_TRUE(row.step().value());
        return row.integer(0);
    }
};

TEST_F(SchemaTest, FreshFileHasTheNewestVersion) {
    const auto database = opened(file);
    EXPECT_EQ(version(*database), std::ssize(migrations()));
}

TEST_F(SchemaTest, RunsOnlyWhatIsMissing) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("PRAGMA user_version = 1"));
    const std::array steps{"nonsense, long done", "CREATE TABLE two (v)", "CREATE TABLE three (v)"};
    ASSERT_TRUE(migrate(*database, steps));
    EXPECT_EQ(version(*database), 3);
    EXPECT_TRUE(database->run("INSERT INTO two VALUES (1); INSERT INTO three VALUES (1)"));
}

TEST_F(SchemaTest, AFileOfTheFirstVersionKeepsItsRows) {
    const auto database = opened(file);
    ASSERT_TRUE(
        database->run("DROP TABLE resume; CREATE TABLE resume (mesh INTEGER NOT NULL, "
                      "peer BLOB NOT NULL, token BLOB NOT NULL, PRIMARY KEY (mesh, peer)) "
                      "WITHOUT ROWID; INSERT INTO resume VALUES (1, x'01', x'02'); "
                      "DROP INDEX cell_state; CREATE INDEX cell_state ON cell (mesh, state) "
                      "WHERE state != 0; PRAGMA user_version = 1"));
    ASSERT_TRUE(migrate(*database, migrations()));
    EXPECT_EQ(version(*database), std::ssize(migrations()));
    auto row = database->use("SELECT kept_ms FROM resume");
    EXPECT_TRUE(row.step().value());
    EXPECT_EQ(row.integer(0), 0) << "of unknown age: the next session forgets it";
}

TEST_F(SchemaTest, FailingStepLeavesTheVersionBefore) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("PRAGMA user_version = 1"));
    const std::array steps{"", "CREATE TABLE two (v)", "CREATE TABLE three (v); nonsense"};
    EXPECT_FALSE(migrate(*database, steps));
    EXPECT_EQ(version(*database), 2);
    EXPECT_FALSE(database->run("INSERT INTO three VALUES (1)"));
    EXPECT_TRUE(database->run("INSERT INTO two VALUES (1)"));
}

TEST_F(SchemaTest, FileFromTheFutureIsRefusedAndLeftUntouched) {
    {
        const auto database = opened(file);
        ASSERT_TRUE(database->run("PRAGMA user_version = 99"));
        std::filesystem::copy(file, folder / "future.db"); // as a killed process leaves it: with a
        std::filesystem::copy(file.string() + "-wal", folder / "future.db-wal"); // log
    }
    const auto before = contents(folder / "future.db");
    const auto log_before = contents(folder / "future.db-wal");
    const auto refused = Database::open(folder / "future.db", key_of(0xa5));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::too_new);
    EXPECT_FALSE(refused.error().fix.empty());
    EXPECT_EQ(contents(folder / "future.db"), before);
    EXPECT_EQ(contents(folder / "future.db-wal"), log_before);
    EXPECT_EQ(Database::open(file, key_of(0xa5)).error().code, Code::too_new) << "without a log";
}

TEST_F(SchemaTest, NegativeVersionIsDamage) {
    ASSERT_TRUE(opened(file)->run("PRAGMA user_version = -1"));
    EXPECT_EQ(Database::open(file, key_of(0xa5)).error().code, Code::corrupt);
}

// The queries that run for each pull must not walk all cells.
TEST_F(SchemaTest, PullsSeekInTheirIndexes) {
    const auto database = opened(file);
    const auto plan = [&](const std::string& query) {
        std::string out;
        auto rows = database->use(("EXPLAIN QUERY PLAN " + query).c_str());
        while (rows.step().value())
            out += std::string(rows.text(3)) + "\n";
        return out;
    };
    EXPECT_NE(plan("SELECT id, hlc, device, record FROM cell INDEXED BY cell_hlc WHERE mesh = ?1 "
                   "AND (hlc, device, record) > (?2, ?3, ?4) ORDER BY hlc, device, record")
                  .find("COVERING INDEX cell_hlc (mesh=? AND (hlc,device,record)>(?,?,?))"),
              std::string::npos)
        << plan("SELECT id, hlc, device, record FROM cell INDEXED BY cell_hlc WHERE mesh = ?1 "
                "AND (hlc, device, record) > (?2, ?3, ?4) ORDER BY hlc, device, record");
    const auto digest = plan("SELECT record, device, hlc, hash FROM cell INDEXED BY cell_record "
                             "WHERE mesh = ?1 ORDER BY record, device");
    EXPECT_NE(digest.find("COVERING INDEX cell_record"), std::string::npos) << digest;
    EXPECT_EQ(digest.find("B-TREE"), std::string::npos) << digest;
    const auto held = plan("SELECT envelope FROM cell INDEXED BY cell_state WHERE mesh = ?1 "
                           "AND state = ?2 AND state != 0 AND (hlc, device, record) > (?3, ?4, ?5) "
                           "AND hlc <= ?6 ORDER BY hlc, device, record LIMIT ?7");
    EXPECT_NE(held.find("INDEX cell_state (mesh=? AND state=? AND "), std::string::npos) << held;
    EXPECT_EQ(held.find("B-TREE"), std::string::npos) << held;
    const auto newest = plan("SELECT max(hlc) FROM cell WHERE mesh = ?1 AND device = ?2");
    EXPECT_NE(newest.find("COVERING INDEX cell_device (mesh=? AND device=?)"), std::string::npos)
        << newest;
}

} // namespace
} // namespace envmesh::storage
