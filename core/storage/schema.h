// SPDX-License-Identifier: MIT
// The tables, as numbered migrations: migration n brings a file from version n - 1 to n. The
// version stands in the file as `PRAGMA user_version`. A published migration never changes.
#pragma once

#include "core/storage/database.h"

#include <span>

namespace envmesh::storage {

std::span<const char* const> migrations();
/// `too_new` when the file has a higher version than there are migrations.
Result<std::int64_t> schema_version(Database& database, std::span<const char* const> known);
/// Runs what is missing, each step in a transaction with its number: a step that fails leaves the
/// file as it was.
Result<> migrate(Database& database, std::span<const char* const> steps);

} // namespace envmesh::storage
