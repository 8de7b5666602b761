// SPDX-License-Identifier: MIT
#include "core/config/settings.h"

#include "core/base/bytes.h"
#include "core/config/document.h"

#include <algorithm>
#include <numeric>

namespace envmesh::config {
namespace {

// Of a node that parse() accepts.
Value value_of(const toml::node& node) {
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* text = node.as_string()) return text->get();
    std::vector<std::string> parts;
    if (const auto* list = node.as_array())
        for (const toml::node& each : *list)
            parts.push_back(each.value_or(std::string()));
    return parts;
}

Value fallback_of(const Key& key) {
    const auto document = read_document("x = " + key.fallback);
    const auto* node = document ? document->root.get("x") : nullptr;
    return node == nullptr ? Value() : value_of(*node);
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if ((c >= '\0' && c < ' ') || c == '\x7f')
            out += "\\u00" + hex(view({&c, 1}));
        else
            out += c;
    }
    return out + '"';
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string quoted_list(std::string_view typed) {
    if (trimmed(typed).empty()) return "[]";
    std::string out = "[";
    for (;;) {
        const auto comma = typed.find(',');
        out += quoted(trimmed(typed.substr(0, comma)));
        if (comma == std::string_view::npos) return out + "]";
        typed.remove_prefix(comma + 1);
        out += ", ";
    }
}

bool is_plain(std::string_view typed) {
    return !typed.empty() && std::ranges::all_of(typed, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
    });
}

// How many letters are to be typed, left out or replaced (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
        }
    }
    return row.back();
}

} // namespace

Result<std::vector<Setting>> settings(std::string_view toml, std::string_view origin) {
    if (const auto config = parse(toml, origin); !config) return std::unexpected(config.error());
    const auto document = read_document(toml);
    if (!document) return fail(Code::internal, std::string(origin) + " cannot be read.");
    std::vector<Setting> out;
    for (const Key& key : keys()) {
        const auto* section = document->root.get_as<toml::table>(key.section);
        const auto* node = section == nullptr ? nullptr : section->get(key.name);
        const Value fallback = fallback_of(key);
        out.push_back(
            {key, node == nullptr ? fallback : value_of(*node), fallback, node != nullptr});
    }
    return out;
}

std::string full_name(const Key& key) { return key.section + "." + key.name; }

std::optional<Key> find_key(std::string_view name) {
    for (Key& key : keys())
        if (full_name(key) == name) return std::move(key);
    return std::nullopt;
}

std::string nearest_name(std::string_view name) {
    constexpr std::size_t most_apart = 3;
    std::string nearest;
    std::size_t least = most_apart + 1;
    if (name.size() > 64) return nearest;
    for (const Key& key : keys())
        for (const std::string& known : {full_name(key), key.name})
            if (const auto apart = distance(known, name); apart < std::min(least, known.size())) {
                least = apart;
                nearest = full_name(key);
            }
    return nearest;
}

std::string_view type_name(const Value& value) {
    constexpr std::string_view names[] = {"boolean", "integer", "string", "list"};
    return names[value.index()];
}

std::string typed(const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    std::string out;
    for (const std::string& part : std::get<std::vector<std::string>>(value))
        out += (out.empty() ? "" : ",") + part;
    return out;
}

Result<std::string> literal(const Key& key, std::string_view typed) {
    const auto refused = fail(Code::invalid, full_name(key) + " must be " + key.type + ".",
                              "See what it means: envmesh-cli config get");
    const Value like = fallback_of(key);
    std::string out;
    if (std::holds_alternative<std::string>(like))
        out = quoted(typed);
    else if (std::holds_alternative<std::vector<std::string>>(like))
        out = quoted_list(typed);
    else if (is_plain(typed))
        out = typed;
    else
        return refused;
    const std::string alone = "[" + key.section + "]\n" + key.name + " = " + out + "\n";
    if (!parse(alone, full_name(key))) return refused;
    return out;
}

} // namespace envmesh::config
