// SPDX-License-Identifier: MIT
#include "core/config/document.h"

#include "core/base/bytes.h"
#include "core/config/ascii.h"

#include <algorithm>

namespace envmesh::config {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::size_t line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::string_view line_of(std::string_view text, std::size_t number) {
    for (; number > 1 && text.contains('\n'); --number)
        text.remove_prefix(text.find('\n') + 1);
    return text.substr(0, text.find('\n'));
}

std::size_t first_line_that_is_not_utf8(std::string_view text) {
    std::size_t number = 1;
    while (is_utf8(view(line_of(text, 1))) && text.contains('\n')) {
        text.remove_prefix(text.find('\n') + 1);
        ++number;
    }
    return number;
}

// toml++ ends at a NUL as if it were the end of the file.
std::size_t first_nul(std::string_view text) { return text.find('\0'); }

void decode(toml::node& node, char mark) {
    if (auto* table = node.as_table())
        for (auto&& [key, value] : *table)
            decode(value, mark);
    if (auto* list = node.as_array())
        for (auto& item : *list)
            decode(item, mark);
    if (auto* text = node.as_string()) text->get() = from_ascii(text->get(), mark);
}

// What the library quotes is of the ASCII form, which nobody wrote.
Fault fault_of(const toml::parse_error& error, std::string_view toml, std::string_view ascii) {
    const std::size_t line = error.source().begin.line;
    if (line_of(toml, line) == line_of(ascii, line))
        return {line, ": " + std::string(error.description())};
    return {line, ""};
}

} // namespace

std::string Document::text_of(std::string_view changed) const {
    return (has_bom ? std::string(byte_order_mark) : std::string()) + from_ascii(changed, mark);
}

std::expected<Document, Fault> read_document(std::string_view toml) {
    Document out;
    out.has_bom = toml.starts_with(byte_order_mark);
    if (out.has_bom) toml.remove_prefix(byte_order_mark.size());
    if (!is_utf8(view(toml)))
        return std::unexpected(Fault{first_line_that_is_not_utf8(toml), ": it is not UTF-8"});
    if (const auto nul = first_nul(toml); nul != std::string_view::npos)
        return std::unexpected(Fault{line_at(toml, nul), ": it has a zero byte"});
    const auto mark = mark_for(toml);
    if (!mark) return std::unexpected(Fault{1, ": write @ as it is, not as an escape"});
    out.mark = *mark;
    out.ascii = to_ascii(toml, out.mark);
    try {
        out.root = toml::parse(out.ascii);
        decode(out.root, out.mark);
        return out;
    } catch (const toml::parse_error& error) {
        return std::unexpected(fault_of(error, toml, out.ascii));
    } catch (const std::exception&) {
        return std::unexpected(Fault{});
    }
}

} // namespace envmesh::config
