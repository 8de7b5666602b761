// SPDX-License-Identifier: MIT
#include "core/config/project.h"

#include "core/config/document.h"

#include <algorithm>

namespace envmesh::config {
namespace {

constexpr std::string_view form =
    "It may hold  profile = \"dev\"  and  required = [\"DATABASE_URL\"].";

bool is_word(std::string_view text, std::string_view more) {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [more](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               more.contains(c);
    });
}

std::unexpected<Error> wrong(std::string_view origin, std::size_t line, std::string_view what) {
    return fail(Code::invalid,
                std::string(origin) + ":" + std::to_string(line) + ": " + std::string(what),
                std::string(form));
}
std::unexpected<Error> wrong(std::string_view origin, const toml::source_region& where,
                             std::string_view what) {
    return wrong(origin, where.begin.line, what);
}

bool read_required(const toml::node& node, std::vector<std::string>& out) {
    const toml::array* const names = node.as_array();
    if (names == nullptr || names->size() > Project::most_required) return false;
    for (const toml::node& each : *names) {
        const auto name = each.value_exact<std::string>();
        if (!name || !is_word(*name, "_")) return false;
        out.push_back(*name);
    }
    return true;
}

Result<Project> read(const toml::table& root, std::string_view origin) {
    Project out;
    for (const auto& [key, node] : root) {
        if (key.str() == "profile") {
            out.profile = node.value_exact<std::string>().value_or("");
            if (!is_word(out.profile, "_-."))
                return wrong(origin, node.source(), "profile must be the name of a profile.");
        } else if (key.str() == "required") {
            if (!read_required(node, out.required))
                return wrong(origin, node.source(),
                             "required must be a list of names of variables.");
        } else {
            return wrong(origin, key.source(), "There is no such key here.");
        }
    }
    return out;
}

} // namespace

Result<Project> parse_project(std::string_view toml, std::string_view origin) {
    if (toml.size() > Project::most_bytes)
        return fail(Code::invalid, std::string(origin) + " is larger than 64 KiB.",
                    std::string(form));
    const auto document = read_document(toml);
    if (!document) // its reason may quote the text
        return wrong(origin, document.error().line, "This is not valid TOML.");
    return read(document->root, origin);
}

} // namespace envmesh::config
