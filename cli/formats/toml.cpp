// SPDX-License-Identifier: MIT
#include "cli/formats/format.h"

// Its parser tells of the faults that its asserts would end the program for. As in core/config.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

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

// toml++ 3.3 takes places for never reached that characters beyond ASCII do reach, in valid files
// too, and what happens then is not defined. So it sees a mark and two digits for each of their
// bytes, and for the mark. No escape in the text makes the mark.
std::optional<char> mark_for(std::string_view text) {
    for (const char mark : {'@', '!', '%', '&', '`', '$'}) {
        const std::string digits = hex(view({&mark, 1}));
        if (!text.contains("\\u00" + digits) && !text.contains("\\U000000" + digits)) return mark;
    }
    return std::nullopt;
}

std::string to_ascii(std::string_view text, char mark) {
    std::string out;
    out.reserve(text.size() + text.size() / 2 + 64);
    for (const std::uint8_t byte : view(text)) {
        if (byte < 0x80 && static_cast<char>(byte) != mark)
            out += static_cast<char>(byte);
        else
            (out += mark) += hex(View(&byte, 1));
    }
    return out;
}

Secret from_ascii(std::string_view ascii, char mark) {
    Secret out(ascii.size());
    std::size_t size = 0;
    for (std::size_t at = 0; at < ascii.size(); ++at, ++size) {
        const auto byte = ascii[at] == mark ? from_hex(ascii.substr(at + 1, 2)) : std::nullopt;
        out.writable()[size] = byte ? byte->front() : static_cast<std::uint8_t>(ascii[at]);
        if (byte) at += 2;
    }
    return Secret(out.reveal().first(size));
}

Result<Secret> value_of(std::string_view text, char mark, const toml::node& node) {
    if (const auto* value = node.as_string()) return from_ascii(value->get(), mark);
    if (node.is_number() || node.is_boolean()) return Secret(literal(text, node.source().begin));
    return fail(Code::invalid, "");
}

} // namespace

Result<Entries> read_toml(std::string_view text, std::string_view origin) {
    const auto mark = mark_for(text);
    if (!mark) return malformed(origin, 1, "Write @ as it is, not as an escape.");
    const std::string ascii = to_ascii(text, *mark);
    try {
        Entries entries;
        for (const auto& [name, node] : toml::parse(ascii)) {
            const std::string key(from_ascii(name.str(), *mark).reveal_text());
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
