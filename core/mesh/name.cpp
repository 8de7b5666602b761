// SPDX-License-Identifier: MIT
#include "core/mesh/name.h"

namespace envmesh::mesh {
namespace {

/// The first character of well-formed or broken UTF-8: its bytes, or one broken byte.
std::string_view first_character(std::string_view text) {
    for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size)
        if (is_utf8(view(text.substr(0, size)))) return text.substr(0, size);
    return text.substr(0, 1);
}

bool is_printable(std::string_view character) {
    if (!is_utf8(view(character))) return false;
    if (character.size() == 1) return character[0] >= ' ' && character[0] != '\x7f';
    if (character >= "\xc2\x80" && character <= "\xc2\x9f") return false;    // C1 controls
    return !(character == "\xd8\x9c" ||                                      // Arabic letter mark
             (character >= "\xe2\x80\x8e" && character <= "\xe2\x80\x8f") || // direction marks
             (character >= "\xe2\x80\xa8" && character <= "\xe2\x80\xae") || // lines, embeddings
             (character >= "\xe2\x81\xa6" && character <= "\xe2\x81\xa9"));  // isolates
}

} // namespace

bool is_name(std::string_view text, std::size_t most_bytes) {
    return text.size() <= most_bytes && !text.empty() && fit_name(text, most_bytes) == text;
}

std::string fit_name(std::string_view text, std::size_t most_bytes) {
    std::string out;
    while (!text.empty()) {
        const std::string_view character = first_character(text);
        text.remove_prefix(character.size());
        if (!is_printable(character)) continue;
        if (out.size() + character.size() > most_bytes) break;
        out += character;
    }
    return out.empty() ? "unnamed" : out;
}

} // namespace envmesh::mesh
