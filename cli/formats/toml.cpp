// SPDX-License-Identifier: MIT
#include "cli/formats/format.h"

#include "core/config/ascii.h" // why the parser does not see the text itself

// Its parser tells of the faults that its asserts would end the program for. As in core/config.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>

namespace envmesh::cli::formats {
namespace {

std::string_view line_of(std::string_view text, std::size_t number) {
    for (; number > 1; --number)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return text.substr(0, text.find('\n'));
}

// A number or a boolean as it is written; the library keeps only what it means.
std::string_view literal(std::string_view text, const toml::source_position& where) {
    constexpr std::string_view digits =
        "+-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string_view line = line_of(text, where.line);
    line.remove_prefix(std::min<std::size_t>(where.column - 1, line.size()));
    return line.substr(0, line.find_first_not_of(digits));
}

Secret plain(std::string_view ascii, char mark) {
    Secret out(ascii.size());
    const auto size = config::from_ascii(ascii, mark, out.writable());
    return Secret(out.reveal().first(size));
}

Result<Secret> value_of(std::string_view text, char mark, const toml::node& node) {
    if (const auto* value = node.as_string()) return plain(value->get(), mark);
    if (node.is_number() || node.is_boolean()) return Secret(literal(text, node.source().begin));
    return fail(Code::invalid, "");
}

} // namespace

Result<Entries> read_toml(std::string_view text, std::string_view origin) {
    const auto mark = config::mark_for(text);
    if (!mark) return malformed(origin, 1, "Write @ as it is, not as an escape.");
    const std::string ascii = config::to_ascii(text, *mark);
    try {
        Entries entries;
        for (const auto& [name, node] : toml::parse(ascii)) {
            const std::string key(plain(name.str(), *mark).reveal_text());
            auto value = value_of(ascii, *mark, node);
            if (!value) return cannot_take(origin, key, "is a table, a list, a date or a time");
            entries.push_back({key, std::move(*value)});
        }
        return entries;
    } catch (const toml::parse_error& error) { // its description quotes what stands there
        return malformed(origin, error.source().begin.line, "This is not valid TOML.");
    }
}

} // namespace envmesh::cli::formats
