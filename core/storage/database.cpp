// SPDX-License-Identifier: MIT
#include "core/storage/database.h"

#include "core/storage/connection.h"
#include "core/storage/schema.h"

#include <sqlcipher/sqlite3.h>

#include <algorithm>
#include <string>

namespace envmesh::storage {

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file,
                                                 const Key& key) {
    if (auto encrypts = require_cipher(); !encrypts) return std::unexpected(encrypts.error());
    const auto in_use = prepare_file(file);
    if (!in_use) return std::unexpected(in_use.error());
    const auto connect = [&](Access access) -> Result<std::unique_ptr<Database>> {
        auto connection = std::make_unique<Connection>(file, key.copy());
        if (auto done = connection->open(access); !done) return std::unexpected(done.error());
        return std::unique_ptr<Database>(new Database(std::move(connection)));
    };
    if (*in_use) { // looked at first, so that what is refused stays as it is
        const auto seen = connect(Access::look);
        if (!seen) return std::unexpected(seen.error());
        const auto version = schema_version(**seen, migrations());
        if (!version) return std::unexpected(version.error());
    }
    auto database = connect(Access::change);
    if (!database) return database;
    if (auto done = migrate(**database, migrations()); !done) return std::unexpected(done.error());
    return database;
}

Statement Database::use(const char* sql) {
    Connection& connection = *connection_;
    const auto found = connection.statements.find(sql);
    const bool known = found != connection.statements.end();
    if (known && !found->second.lent) {
        found->second.lent = true;
        return {connection, found->second.statement, &found->second.lent, SQLITE_OK};
    }
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v2(connection.handle.get(), sql, -1, &statement, nullptr);
    // One that is in use already (a read within a read) gets a twin that lives for this use.
    if (known || statement == nullptr) return {connection, statement, nullptr, result};
    Cached& cached = connection.statements[sqlite3_sql(statement)];
    cached = {statement, true};
    return {connection, statement, &cached.lent, result};
}

Result<> Database::run(const char* sql) {
    while (true) {
        sqlite3_stmt* raw = nullptr;
        const int result = sqlite3_prepare_v2(connection_->handle.get(), sql, -1, &raw, &sql);
        if (result == SQLITE_OK && raw == nullptr) return {}; // only white space was left
        Statement statement(*connection_, raw, nullptr, result);
        if (auto done = statement.run(); !done) return done;
    }
}

Result<> Database::transaction(const std::function<Result<>()>& work) {
    Connection& connection = *connection_;
    if (connection.in_transaction) {
        auto done = work();
        if (!done && !connection.doomed) connection.doomed = done.error();
        return done;
    }
    if (auto begun = use("BEGIN IMMEDIATE").run(); !begun) return begun;
    connection.in_transaction = true;
    connection.doomed.reset();
    connection.set_cache(Cache::roomy);
    auto done = work();
    if (done && connection.doomed) done = std::unexpected(*connection.doomed);
    if (done) done = use("COMMIT").run();
    connection.in_transaction = false;
    if (!done) connection.roll_back();
    connection.set_cache(Cache::modest);
    return done;
}

Result<> Database::check_integrity() {
    auto check = use("PRAGMA integrity_check(1)");
    const auto row = check.step();
    if (!row) return std::unexpected(row.error());
    if (!*row || check.text(0) != "ok") return connection_->error(SQLITE_CORRUPT);
    return {};
}

bool Database::degraded() const { return connection_->fault != Fault::none; }

Result<> Database::recover() {
    if (!degraded()) return {};
    const auto lent = [](const auto& entry) { return entry.second.lent; };
    if (connection_->in_transaction || std::ranges::any_of(connection_->statements, lent))
        return fail(Code::internal, "The database is in use and cannot be recovered now.");
    const Fault before = connection_->fault;
    if (before == Fault::failing)
        if (auto done = reopen(); !done) return done;
    connection_->fault = Fault::none;
    // Writing what stands there already shows whether the disk takes a commit again.
    const auto version = "PRAGMA user_version = " + std::to_string(migrations().size());
    auto done = transaction([&] { return run(version.c_str()); });
    if (!done) connection_->fault = std::max(before, connection_->fault);
    return done;
}

// What the system kept of a failed fsync is unknown, so nothing is taken over from before.
Result<> Database::reopen() {
    auto fresh = std::make_unique<Connection>(connection_->file, connection_->key.copy());
    if (auto done = fresh->open(Access::change); !done) return done;
    fresh->rollbacks = connection_->rollbacks + 1;
    connection_ = std::move(fresh);
    auto done = check_integrity();
    if (!done) connection_->fault = Fault::failing;
    return done;
}

const std::filesystem::path& Database::file() const { return connection_->file; }
std::uint64_t Database::rollbacks() const { return connection_->rollbacks; }

} // namespace envmesh::storage
