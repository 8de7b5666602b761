// SPDX-License-Identifier: MIT
// A file of TOML as the parser sees it. For this folder alone: it is the one that knows toml++.
#pragma once

#include "core/config/toml.h"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace envmesh::config {

struct Document {
    toml::table root;     // strings as they were written, names of keys in the form of `ascii`
    std::string ascii;    // the text without a byte order mark; every source() is a place in it
    char mark = '@';      // of `ascii`, see ascii.h
    bool has_bom = false; // the text begins with a byte order mark

    /// The text that `changed` stands for.
    [[nodiscard]] std::string text_of(std::string_view changed) const;
};

struct Fault {
    std::size_t line = 1;
    std::string reason; // goes on after "This is not valid TOML", may be empty, may quote the text
};

/// Never throws. What is not UTF-8 is a fault.
std::expected<Document, Fault> read_document(std::string_view toml);

} // namespace envmesh::config
