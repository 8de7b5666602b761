// SPDX-License-Identifier: MIT
// One setting changed in the text of a configuration. What comes out has been parsed and checked;
// no other setting differs, and every other line, comment and line end is byte for byte as it was.
#pragma once

#include "core/config/config.h"

namespace envmesh::config {

/// The text with this value, as a person types it (settings.h). It replaces the value that is
/// there, else is a line after the last of its section, else a section at the end. The same text
/// when it has the value. `invalid`, with the reason, when the key cannot have the value, when the
/// text is no configuration even then, when it would be larger than 64 KiB, or when a comment would
/// be lost.
Result<std::string> with_value(std::string_view toml, std::string_view origin, const Key& key,
                               std::string_view typed);
/// The text without the lines of this key, so that its default counts. The same text when it has
/// none. `invalid` as above, and for a key of a table that is one line.
Result<std::string> without_value(std::string_view toml, std::string_view origin, const Key& key);

} // namespace envmesh::config
