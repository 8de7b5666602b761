// SPDX-License-Identifier: MIT
#include "core/storage/connection.h"

#include <sqlcipher/sqlite3.h>

#include <utility>

namespace envmesh::storage {

Statement::Statement(Connection& connection, sqlite3_stmt* statement, bool* lent, int result)
    : connection_(&connection), statement_(statement), lent_(lent), result_(result) {}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)),
      lent_(std::exchange(other.lent_, nullptr)), result_(other.result_) {}

Statement::~Statement() {
    if (lent_ == nullptr) {
        sqlite3_finalize(statement_);
        return;
    }
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    *lent_ = false;
}

void Statement::note(int result) {
    if (result_ == SQLITE_OK) result_ = result;
}

Statement& Statement::bind(int index, std::int64_t value) {
    note(sqlite3_bind_int64(statement_, index, value));
    return *this;
}

Statement& Statement::bind(int index, View bytes) {
    // An empty view may have no address, which SQLite would take for NULL.
    const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
    note(sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_TRANSIENT));
    return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
    const char* data = text.empty() ? "" : text.data();
    note(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind_null(int index) {
    note(sqlite3_bind_null(statement_, index));
    return *this;
}

Result<bool> Statement::step() {
    if (result_ != SQLITE_OK) return connection_->error(result_);
    if (connection_->fault != Fault::none && sqlite3_stmt_readonly(statement_) == 0)
        return connection_->refusal();
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    sqlite3_reset(statement_);
    if (result == SQLITE_DONE) return false;
    return connection_->error(result);
}

Result<> Statement::run() {
    for (;;) {
        const auto row = step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
    }
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

View Statement::bytes(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::text(int column) const { return envmesh::text(bytes(column)); }

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

} // namespace envmesh::storage
