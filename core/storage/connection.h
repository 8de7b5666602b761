// SPDX-License-Identifier: MIT
// Private to this folder. The SQLCipher handle below Database: opened through every guard, and the
// one place where SQLite's result codes become errors. No message holds SQL, a key or a value.
#pragma once

#include "core/storage/database.h"

#include <string>
#include <unordered_map>

namespace envmesh::storage {

/// Ordered: a worse one is not forgotten for a lesser one.
enum class Fault : std::uint8_t {
    none,
    full,    // SQLITE_FULL: what is stored is intact
    failing, // SQLITE_IOERR: after a failed fsync nothing this connection knows can be relied on
};

/// 2 MiB; 16 MiB within a transaction, given back at its end.
enum class Cache : std::uint8_t { modest, roomy };

enum class Access : std::uint8_t { look, change };

struct CloseHandle {
    void operator()(sqlite3* handle) const;
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;

/// Prepared once; `lent` while a Statement uses it.
struct Cached {
    sqlite3_stmt* statement = nullptr;
    bool lent = false;
};

struct Connection {
    Connection(std::filesystem::path path, Key raw_key)
        : file(std::move(path)), key(std::move(raw_key)) {}
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// `look` never writes to the database file or its log, not even when it is closed.
    Result<> open(Access access);
    void close();
    void set_cache(Cache size);
    void roll_back();
    /// What SQLite's `result` means for this file; remembers a full or failing disk.
    std::unexpected<Error> error(int result);
    [[nodiscard]] std::unexpected<Error> refusal() const; // of a change while there is a fault

    std::filesystem::path file;
    Key key; // to reopen after a failed fsync; SQLCipher holds it as long
    Handle handle;
    std::unordered_map<std::string_view, Cached> statements; // keyed by their own text
    Fault fault = Fault::none;
    bool in_transaction = false;
    std::optional<Error> doomed; // an inner transaction failed, so the outer one must
    std::uint64_t rollbacks = 0;
};

/// `denied` unless the library at hand encrypts. Asked before any file is keyed: with a plain
/// SQLite in its place keying writes plaintext, or crashes.
Result<> require_cipher();
/// Makes the file, when there is none, and makes it 0600. True: it holds something already, which
/// is not plaintext (`denied`).
Result<bool> prepare_file(const std::filesystem::path& file);
/// x'<64 hex digits>': anything else SQLCipher takes for a passphrase, without a word.
Secret raw_key_text(const Key& key);

} // namespace envmesh::storage
