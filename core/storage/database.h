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

/// A prepared statement; reset and its bindings cleared when it goes out of scope of `use`.
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
    Statement(sqlite3* connection, sqlite3_stmt* statement, bool owned);
    sqlite3* connection_;
    sqlite3_stmt* statement_;
    bool owned_;
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

    /// The cached statement for this text (a literal).
    Statement use(const char* sql);
    Result<> run(const char* sql); // without rows
    /// BEGIN IMMEDIATE … COMMIT; rolled back when `work` or the commit fails. A call inside `work`
    /// joins it.
    Result<> transaction(const std::function<Result<>()>& work);
    /// Every page's authentication code: `corrupt` names what is damaged (S27).
    Result<> check_integrity();
    /// Set once the disk was full or failing: writes are refused until `recover` succeeds; reads go
    /// on.
    [[nodiscard]] bool degraded() const;
    Result<> recover();

  private:
    struct State;
    explicit Database(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace envmesh::storage
