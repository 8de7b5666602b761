// SPDX-License-Identifier: MIT
// One SQLCipher connection in the one format that majors 3 and 4 both read (protocol §2.11): raw
// 32-byte key, cipher_compatibility 3, 4096-byte pages, WAL, synchronous FULL. Refuses a library
// that does not encrypt (before any file is touched), a plaintext file, a wrong key, a damaged file
// and a file from a newer version. Used on the owner thread only. SQL is written for SQLite 3.15.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

struct sqlite3;
struct sqlite3_stmt;

namespace envmesh::storage {

struct Connection;

/// A prepared statement; reset and its bindings cleared when it goes out of scope of `use`. What is
/// bound is copied. A mistake in binding or preparing is told by `step`.
class Statement {
  public:
    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, View bytes);
    Statement& bind(int index, std::string_view text);
    Statement& bind_null(int index);
    /// True: a row stands. `storage` (full or failing disk) or `corrupt`.
    Result<bool> step();
    Result<> run(); // steps to the end
    std::int64_t integer(int column) const;
    View bytes(int column) const; // until the next step
    std::string_view text(int column) const;
    bool is_null(int column) const;

    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;

  private:
    friend class Database;
    Statement(Connection& connection, sqlite3_stmt* statement, bool* lent, int result);
    void note(int result);

    Connection* connection_;
    sqlite3_stmt* statement_;
    bool* lent_; // of the cached statement; null: this one is our own
    int result_; // of preparing and binding
};

class Database {
  public:
    /// Creates (0600) or opens, checks, and brings the schema up to date. `key`:
    /// crypto::database_key. `corrupt`: damaged or a wrong key; `too_new`: left untouched;
    /// `denied`: the library does not encrypt, or the file is plaintext; `storage`.
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                  const Key& key);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// The cached statement for this text; for texts that do not vary, as each is kept.
    Statement use(const char* sql);
    Result<> run(const char* sql); // one or more statements, not cached; rows are skipped
    /// BEGIN IMMEDIATE … COMMIT; rolled back when `work` or the commit fails. A call inside `work`
    /// joins it; when that one fails, so does the whole.
    Result<> transaction(const std::function<Result<>()>& work);
    /// Reads every page in use, and so checks its authentication code: `corrupt` (S27).
    Result<> check_integrity();
    /// Set once the disk was full or failing: writes are refused until `recover` succeeds; reads go
    /// on. After a failing fsync `recover` opens the file anew and checks all of it. No Statement
    /// may be alive then.
    [[nodiscard]] bool degraded() const;
    Result<> recover();

    [[nodiscard]] const std::filesystem::path& file() const;
    /// Grows whenever a transaction was undone: what was derived inside it is void.
    [[nodiscard]] std::uint64_t rollbacks() const;

  private:
    explicit Database(std::unique_ptr<Connection> connection);
    Result<> reopen();

    std::unique_ptr<Connection> connection_;
};

} // namespace envmesh::storage
