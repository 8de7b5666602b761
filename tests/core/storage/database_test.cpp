// SPDX-License-Identifier: MIT
#include "core/storage/database.h"

#include "tests/core/storage/fixture.h"

#include <cstdlib>

namespace envmesh::storage {
namespace {

// Of 4096 bytes: text, 16 of initialisation vector, 20 of authentication code. The rest is padding.
constexpr std::size_t authentic = 4084;

class DatabaseTest : public StorageTest {
  public:
    /// Rows of 3,000 bytes that a plain look at the file would find.
    void fill(std::int64_t rows) const {
        const auto database = opened(file);
        ASSERT_TRUE(database->run("CREATE TABLE t (n INTEGER PRIMARY KEY, v BLOB)"));
        for (std::int64_t n = 0; n < rows; ++n) {
            auto insert = database->use("INSERT INTO t (n, v) VALUES (?1, ?2)");
            const std::string value(3000, static_cast<char>('a' + n % 26));
            ASSERT_TRUE(insert.bind(1, n).bind(2, std::string_view(value)).run());
        }
    }
    static std::int64_t rows(Database& database) {
        auto count = database.use("SELECT count(*) FROM t");
        return count.step().value() ? count.integer(0) : -1;
    }
};

TEST_F(DatabaseTest, WrongKeyNamesTheFileAndTheNextStep) {
    fill(3);
    const auto before = contents(file);
    const auto error = Database::open(file, key_of(1)).error();
    EXPECT_EQ(error.code, Code::corrupt);
    EXPECT_NE(error.message.find(file.string()), std::string::npos);
    EXPECT_FALSE(error.fix.empty());
    EXPECT_EQ(contents(file), before);
    EXPECT_EQ(rows(*opened(file)), 3);
}

TEST_F(DatabaseTest, AnyFlippedByteOfTheFirstPageIsDamage) {
    fill(3);
    const auto good = contents(file);
    for (std::size_t at = 0; at < authentic; at += 61) {
        auto bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        write_file(file, bad);
        const auto database = Database::open(file, key_of(0xa5));
        ASSERT_FALSE(database) << at;
        EXPECT_EQ(database.error().code, Code::corrupt) << at;
        EXPECT_EQ(contents(file), bad);
    }
}

TEST_F(DatabaseTest, AnyFlippedByteIsFoundByTheCheck) {
    fill(60);
    const auto good = contents(file);
    ASSERT_GT(good.size(), 50U * 4096);
    for (std::size_t page = 1; page < good.size() / 4096; ++page) {
        auto bad = good;
        char& byte = bad[page * 4096 + (page * 997) % authentic];
        byte = static_cast<char>(byte ^ 0x40);
        write_file(file, bad);
        auto database = Database::open(file, key_of(0xa5));
        const auto checked =
            database ? (*database)->check_integrity() : Result<>(std::unexpected(database.error()));
        ASSERT_FALSE(checked) << page;
        EXPECT_EQ(checked.error().code, Code::corrupt) << page;
    }
    write_file(file, good);
    EXPECT_TRUE(opened(file)->check_integrity());
}

TEST_F(DatabaseTest, TruncatedFileIsDamage) {
    fill(60);
    const auto good = contents(file);
    for (const std::size_t size : {good.size() - 100, good.size() / 2, std::size_t{4096},
                                   std::size_t{100}, std::size_t{17}}) {
        write_file(file, good.substr(0, size));
        const auto database = Database::open(file, key_of(0xa5));
        const auto checked =
            database ? (*database)->check_integrity() : Result<>(std::unexpected(database.error()));
        ASSERT_FALSE(checked) << size;
        EXPECT_EQ(checked.error().code, Code::corrupt) << size;
    }
}

// A crash leaves the file and its log; a torn log ends where the tear is.
TEST_F(DatabaseTest, DamageInTheLogHeals) {
    const auto copy = folder / "copy.db";
    const auto copied_log = folder / "copy.db-wal";
    {
        const auto database = opened(file);
        ASSERT_TRUE(database->run("CREATE TABLE t (n INTEGER PRIMARY KEY, v BLOB)"));
        for (int n = 0; n < 50; ++n)
            ASSERT_TRUE(database->run("INSERT INTO t (v) VALUES (randomblob(3000))"));
        std::filesystem::copy(file, copy);
        std::filesystem::copy(file.string() + "-wal", copied_log);
    }
    const auto main = contents(copy);
    const auto log = contents(copied_log);
    ASSERT_GT(log.size(), 50U * 4096);
    std::int64_t least = 51;
    for (const std::size_t cut : {log.size(), log.size() - 10, log.size() * 3 / 4}) {
        write_file(copy, main);
        write_file(copied_log, log.substr(0, cut));
        std::filesystem::remove(copy.string() + "-shm");
        const auto torn = opened(copy);
        EXPECT_TRUE(torn->check_integrity());
        EXPECT_LT(rows(*torn), least);
        EXPECT_GT(rows(*torn), 20);
        least = rows(*torn);
    }
    auto flipped = log;
    flipped[log.size() - 4096] ^= 1;
    write_file(copy, main);
    write_file(copied_log, flipped);
    std::filesystem::remove(copy.string() + "-shm");
    const auto healed = opened(copy);
    EXPECT_TRUE(healed->check_integrity());
    EXPECT_EQ(rows(*healed), 49);
}

TEST_F(DatabaseTest, AnotherProgramReadsItWithTheKeyOnly) {
    if (std::system("command -v sqlcipher > /dev/null") != 0) GTEST_SKIP() << "no sqlcipher";
    fill(5);
    const auto ask = [&](const std::string& pragmas) {
        const auto out = folder / "out";
        const auto script = folder / "script";
        write_file(script, pragmas + "SELECT count(*), max(substr(v, 1, 3)) FROM t;\n");
        const std::string command =
            "sqlcipher " + file.string() + " < " + script.string() + " > " + out.string() + " 2>&1";
        EXPECT_GE(std::system(command.c_str()), 0);
        return contents(out);
    };
    const std::string key = "PRAGMA key = \"x'" + hex(key_of(0xa5).reveal()) + "'\";\n";
    const std::string format =
        "PRAGMA cipher_compatibility = 3;\nPRAGMA cipher_page_size = 4096;\n";
    EXPECT_NE(ask(key + format).find("5|eee"), std::string::npos);
    EXPECT_NE(ask("").find("file is encrypted or is not a database"), std::string::npos);
    EXPECT_NE(ask("PRAGMA key = 'guess';\n" + format).find("file is encrypted"), std::string::npos);
}

TEST_F(DatabaseTest, FilesShowNothingOfWhatTheyHold) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("CREATE TABLE canary_table (v)"));
    const std::string canary = "CANARY-6f1d-value";
    for (int n = 0; n < 100; ++n) {
        auto insert = database->use("INSERT INTO canary_table VALUES (?1)");
        ASSERT_TRUE(insert.bind(1, std::string_view(canary)).run());
    }
    const std::string log = contents(file.string() + "-wal");
    ASSERT_GT(log.size(), 4096U);
    for (const std::string& bytes : {log, contents(file), contents(file.string() + "-shm")})
        for (const std::string& word : {canary, std::string("canary_table")})
            EXPECT_EQ(bytes.find(word), std::string::npos);
}

TEST_F(DatabaseTest, TransactionKeepsAllOrNothing) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("CREATE TABLE t (v)"));
    const auto insert = [&] { return database->run("INSERT INTO t VALUES (1)"); };
    const auto refuse = [&]() -> Result<> {
        EXPECT_TRUE(insert());
        return fail(Code::denied, "No.");
    };
    EXPECT_EQ(database->transaction(refuse).error().code, Code::denied);
    EXPECT_EQ(rows(*database), 0);
    EXPECT_EQ(database->rollbacks(), 1U);
    EXPECT_TRUE(database->transaction(insert));
    EXPECT_EQ(rows(*database), 1);
}

TEST_F(DatabaseTest, TransactionWithinJoinsAndCanDoomTheWhole) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("CREATE TABLE t (v)"));
    const auto insert = [&] { return database->run("INSERT INTO t VALUES (1)"); };
    EXPECT_TRUE(database->transaction([&] { return database->transaction(insert); }));
    EXPECT_EQ(rows(*database), 1);
    const auto swallow = [&]() -> Result<> {
        EXPECT_TRUE(insert());
        EXPECT_FALSE(database->transaction([] { return Result<>(fail(Code::denied, "No.")); }));
        return {};
    };
    EXPECT_EQ(database->transaction(swallow).error().code, Code::denied);
    EXPECT_EQ(rows(*database), 1) << "half of an inner transaction was kept";
    EXPECT_TRUE(database->transaction(insert));
}

TEST_F(DatabaseTest, LogIsFoldedInAndBounded) {
    const auto database = opened(file);
    ASSERT_TRUE(database->run("CREATE TABLE t (v)"));
    ASSERT_TRUE(database->transaction([&]() -> Result<> {
        for (int n = 0; n < 2000; ++n)
            if (auto done = database->run("INSERT INTO t VALUES (randomblob(3800))"); !done)
                return done;
        return {};
    }));
    for (int n = 0; n < 3; ++n)
        ASSERT_TRUE(database->run("INSERT INTO t VALUES (1)"));
    EXPECT_LE(std::filesystem::file_size(file.string() + "-wal"), 5U << 20U);
}

} // namespace
} // namespace envmesh::storage
