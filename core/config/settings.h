// SPDX-License-Identifier: MIT
// The settings one by one, as a person reads and types them: a text without quotes, a list with
// commas between its parts.
#pragma once

#include "core/config/config.h"

#include <cstdint>
#include <optional>
#include <variant>

namespace envmesh::config {

using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct Setting {
    Key key;
    Value value;         // the one that counts
    Value fallback;      // the one that counts when the file has none
    bool is_set = false; // the file has it, be it the same as the fallback
};

/// All of them, in the order of the table. `invalid` as parse().
Result<std::vector<Setting>> settings(std::string_view toml, std::string_view origin);

/// "server.port".
std::string full_name(const Key& key);
std::optional<Key> find_key(std::string_view full_name);
/// Of the known names the one that a person may have meant, or nothing.
std::string nearest_name(std::string_view full_name);

/// "boolean", "integer", "string" or "list".
std::string_view type_name(const Value& value);
std::string typed(const Value& value);
/// What a person typed as TOML. `invalid`, with what is allowed, when the key cannot have it.
Result<std::string> literal(const Key& key, std::string_view typed);

} // namespace envmesh::config
