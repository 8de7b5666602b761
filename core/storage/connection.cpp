// SPDX-License-Identifier: MIT
#include "core/storage/connection.h"

#include <sqlcipher/sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

namespace envmesh::storage {
namespace {

constexpr std::uintmax_t page_bytes = 4096;
constexpr std::string_view plaintext_magic{"SQLite format 3\0", 16};
constexpr int busy_ms = 1000;

// Compatibility before page size: majors 4 reset the latter with the former, 3 ignores the former.
constexpr const char* format = "PRAGMA cipher_compatibility = 3; PRAGMA cipher_page_size = 4096;";

// FULL: a commit is durable when it returns. temp_store: temporary files would be plaintext.
constexpr const char* settings = "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                                 "PRAGMA journal_size_limit = 4194304;";

// The first column of the first row, empty when there is none.
std::string first_text(sqlite3* handle, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    std::string out;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_bytes(statement, 0) > 0)
        out = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return out;
}

// SQLite keeps pages decrypted, the keys of this device among them, and leaves them in the heap
// when it gives them back. The library's own methods, known once it is asked for them, and ours
// over them.
sqlite3_mem_methods library{};

void wipe_and_free(void* memory) {
    if (memory == nullptr) return;
    wipe({static_cast<std::uint8_t*>(memory), static_cast<std::size_t>(library.xSize(memory))});
    library.xFree(memory);
}

void* move_and_wipe(void* memory, int size) {
    if (memory == nullptr) return library.xMalloc(size);
    void* const moved = library.xMalloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, memory, static_cast<std::size_t>(std::min(size, library.xSize(memory))));
    wipe_and_free(memory);
    return moved;
}

int wipe_what_is_freed() {
    if (const int found = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &library); found != SQLITE_OK)
        return found;
    sqlite3_mem_methods ours = library;
    ours.xFree = wipe_and_free;
    ours.xRealloc = move_and_wipe;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

int apply_key(sqlite3* handle, const Key& key) {
    const Secret text = raw_key_text(key);
    return sqlite3_key_v2(handle, "main", text.reveal().data(), static_cast<int>(text.size()));
}

} // namespace

void CloseHandle::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Result<> require_cipher() {
    // Before anything else of the library is used, which is too late for it.
    static const int is_wiped = wipe_what_is_freed();
    if (is_wiped != SQLITE_OK)
        return fail(Code::internal, "The database library does not let its memory be wiped.",
                    "See that no other SQLite library is loaded before it (LD_PRELOAD, "
                    "LD_LIBRARY_PATH).");
    sqlite3* raw = nullptr;
    const int result = sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE, nullptr);
    const Handle handle(raw);
    if (result == SQLITE_OK && !first_text(handle.get(), "PRAGMA cipher_version").empty())
        return {};
    return fail(Code::denied,
                "The database library in use does not encrypt, so no database is opened.",
                "Install SQLCipher and see that no other SQLite library is loaded before it "
                "(LD_PRELOAD, LD_LIBRARY_PATH).");
}

Result<bool> prepare_file(const std::filesystem::path& file) {
    const auto name = file.string();
    if (!std::ofstream(file, std::ios::binary | std::ios::app))
        return fail(Code::storage, "The database " + name + " cannot be created or written.",
                    "Check that its folder exists and belongs to you.");
    using std::filesystem::perms;
    std::error_code error;
    std::filesystem::permissions(file, perms::owner_read | perms::owner_write, error);
    if (error)
        return fail(Code::storage, "The database " + name + " cannot be made private to you.",
                    "Move it to a file system that has permissions.");
    std::array<char, plaintext_magic.size()> head{};
    std::ifstream in(file, std::ios::binary);
    in.read(head.data(), head.size());
    if (std::string_view(head.data(), head.size()) == plaintext_magic)
        return fail(Code::denied, "The database " + name + " is not encrypted, so it is not used.",
                    "Move it away and start again.");
    // SQLite takes less than a page for an empty database, and would begin a new one over it.
    const auto size = std::filesystem::file_size(file, error);
    if (!error && size > 0 && size < page_bytes)
        return fail(Code::corrupt, "The database " + name + " is damaged: it is cut short.",
                    "Restore it from a backup, or move it away and join the mesh again.");
    return in.gcount() > 0;
}

Secret raw_key_text(const Key& key) {
    constexpr std::string_view digits = "0123456789abcdef";
    Secret text(2 * Key::size + 3);
    auto out = text.writable().begin();
    *out++ = 'x';
    *out++ = '\'';
    for (const std::uint8_t byte : key.reveal()) {
        *out++ = static_cast<std::uint8_t>(digits[byte >> 4U]);
        *out++ = static_cast<std::uint8_t>(digits[byte & 15U]);
    }
    *out = '\'';
    return text;
}

Result<> Connection::open(Access access) {
    // A read-only descriptor cannot take the lock under which closing would fold in the log.
    const int flags =
        SQLITE_OPEN_NOMUTEX | (access == Access::look ? SQLITE_OPEN_READONLY
                                                      : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    sqlite3* raw = nullptr;
    int result = sqlite3_open_v2(file.string().c_str(), &raw, flags, nullptr);
    handle.reset(raw);
    if (result == SQLITE_OK) result = apply_key(raw, key);
    const auto execute = [&](const char* sql) {
        if (result == SQLITE_OK) result = sqlite3_exec(raw, sql, nullptr, nullptr, nullptr);
    };
    execute(format);
    if (result == SQLITE_OK) result = sqlite3_busy_timeout(raw, busy_ms);
    execute("PRAGMA user_version"); // the first read: proves the key, parses no schema
    if (access == Access::change) {
        execute("SELECT count(*) FROM sqlite_master");
        execute("PRAGMA journal_mode = WAL");
        execute(settings);
        set_cache(Cache::modest);
    }
    if (result != SQLITE_OK) return error(result);
    if (access == Access::change && first_text(raw, "PRAGMA journal_mode") != "wal")
        return fail(Code::storage, "The database " + file.string() + " cannot keep a log.",
                    "Move it to a local file system.");
    return {};
}

// In the modest cache a large transaction would decrypt and write the same pages again and again.
void Connection::set_cache(Cache size) {
    const char* sql =
        size == Cache::roomy ? "PRAGMA cache_size = -16384" : "PRAGMA cache_size = -2048";
    sqlite3_exec(handle.get(), sql, nullptr, nullptr, nullptr); // it matters for speed only
}

void Connection::roll_back() {
    ++rollbacks;
    // A full or failing disk has rolled it back already.
    if (sqlite3_get_autocommit(handle.get()) == 0)
        sqlite3_exec(handle.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::close() {
    for (const auto& [text, cached] : statements)
        sqlite3_finalize(cached.statement);
    statements.clear();
    handle.reset();
}

std::unexpected<Error> Connection::refusal() const {
    if (fault == Fault::full)
        return fail(Code::storage,
                    "The disk that holds " + file.string() + " is full; changes are refused.",
                    "Free some space on it, then try again.");
    return fail(Code::storage,
                "The disk that holds " + file.string() + " fails; changes are refused.",
                "Check the disk, then try again.");
}

std::unexpected<Error> Connection::error(int result) {
    const std::string name = file.string();
    switch (result & 0xff) {
    case SQLITE_FULL: fault = std::max(fault, Fault::full); return refusal();
    case SQLITE_IOERR: fault = Fault::failing; return refusal();
    case SQLITE_ERROR: // all our SQL is right: SQLCipher 3 says this when a page is not authentic
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(Code::corrupt, "The database " + name + " is damaged, or its key is wrong.",
                    "Restore it from a backup, or move it away and join the mesh again: the other "
                    "devices hold its variables.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(Code::conflict, "The database " + name + " is in use by another program.",
                    "Close the other program, then try again.");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return fail(Code::storage, "The database " + name + " cannot be opened for writing.",
                    "Check that the file and its folder belong to you.");
    default:
        return fail(Code::internal,
                    "The database " + name + " failed: " + sqlite3_errstr(result) + ".");
    }
}

} // namespace envmesh::storage
