// SPDX-License-Identifier: MIT
// JSON, YAML, TOML, a Kubernetes Secret, CSV.
#include "cli/formats/format.h"

#include <array>

namespace envmesh::cli::formats {
namespace {

// Characters that YAML calls not printable, or that some reader takes for the end of a line.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> escaped_wide{
    {{"\xe2\x80\xa8", "\\u2028"},
     {"\xe2\x80\xa9", "\\u2029"},
     {"\xef\xbb\xbf", "\\ufeff"},
     {"\xef\xbf\xbe", "\\ufffe"},
     {"\xef\xbf\xbf", "\\uffff"}}};

// The part of the value that is written otherwise than it stands, and how.
struct Escape {
    std::size_t size = 0;
    std::string text;
};

Escape escape_at(std::string_view value) {
    const auto byte = static_cast<std::uint8_t>(value.front());
    const auto next = static_cast<std::uint8_t>(value.size() > 1 ? value[1] : '\0');
    if (byte == '"' || byte == '\\') return {1, {'\\', value.front()}};
    if (byte == '\n') return {1, "\\n"};
    if (byte == '\r') return {1, "\\r"};
    if (byte == '\t') return {1, "\\t"};
    if (byte < 0x20 || byte == 0x7f) return {1, "\\u00" + hex(View(&byte, 1))};
    if (byte == 0xc2 && next < 0xa0) return {2, "\\u00" + hex(View(&next, 1))};
    for (const auto& [character, text] : escaped_wide)
        if (value.starts_with(character)) return {character.size(), std::string(text)};
    return {};
}

// What JSON, YAML and TOML read alike.
void append_quoted(std::string& out, std::string_view value) {
    out += '"';
    while (!value.empty()) {
        const Escape escape = escape_at(value);
        if (escape.size == 0) out += value.front();
        out += escape.text;
        value.remove_prefix(std::max<std::size_t>(escape.size, 1));
    }
    out += '"';
}

constexpr std::size_t most_kubernetes_name = 253;
constexpr std::size_t most_kubernetes_bytes = 1024 * 1024; // MaxSecretSize

} // namespace

Result<> write_json(std::string& out, std::span<const Entry> entries) {
    out += '{';
    for (const Entry& entry : entries) {
        out += &entry == &entries.front() ? "\n  \"" : ",\n  \"";
        out.append(entry.key).append("\": ");
        append_quoted(out, entry.value.reveal_text());
    }
    out += entries.empty() ? "}\n" : "\n}\n";
    return {};
}

// Names in quotes too: ON, NO and Y are booleans to many readers.
Result<> write_yaml(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        out.append("\"").append(entry.key).append("\": ");
        append_quoted(out, entry.value.reveal_text());
        out += '\n';
    }
    if (entries.empty()) out += "{}\n";
    return {};
}

Result<> write_toml(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        out.append(entry.key).append(" = ");
        append_quoted(out, entry.value.reveal_text());
        out += '\n';
    }
    return {};
}

Result<> write_kubernetes(std::string& out, std::span<const Entry> entries) {
    out += "apiVersion: v1\nkind: Secret\nmetadata:\n  name: envmesh\ntype: Opaque\ndata:";
    out += entries.empty() ? " {}\n" : "\n";
    std::size_t total = 0;
    for (const Entry& entry : entries) {
        total += entry.value.size();
        if (entry.key.size() > most_kubernetes_name)
            return cannot_carry(entry, "has a name of more than 253 characters");
        if (total > most_kubernetes_bytes)
            return cannot_carry(entry, "does not fit: a Secret has at most 1 MiB");
        std::string encoded = base64(entry.value.reveal());
        out.append("  \"").append(entry.key).append("\": \"").append(encoded).append("\"\n");
        wipe(encoded);
    }
    return {};
}

// RFC 4180.
Result<> write_csv(std::string& out, std::span<const Entry> entries) {
    out += "key,value\r\n";
    for (const Entry& entry : entries) {
        out.append(entry.key).append(",\"");
        for (const char c : entry.value.reveal_text())
            out.append(c == '"' ? 2 : 1, c);
        out += "\"\r\n";
    }
    return {};
}

} // namespace envmesh::cli::formats
