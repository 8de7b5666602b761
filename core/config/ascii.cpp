// SPDX-License-Identifier: MIT
#include "core/config/ascii.h"

#include "core/base/bytes.h"

namespace envmesh::config {

std::optional<char> mark_for(std::string_view toml) {
    for (const char mark : {'@', '!', '%', '&', '`', '$'}) {
        const std::string digits = hex(view({&mark, 1}));
        if (!toml.contains("\\u00" + digits) && !toml.contains("\\U000000" + digits)) return mark;
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

std::size_t from_ascii(std::string_view ascii, char mark, std::span<std::uint8_t> out) {
    std::size_t size = 0;
    for (std::size_t at = 0; at < ascii.size(); ++at, ++size) {
        const auto bytes = ascii[at] == mark ? from_hex(ascii.substr(at + 1, 2)) : std::nullopt;
        const bool is_marked = bytes && bytes->size() == 1;
        out[size] = is_marked ? bytes->front() : static_cast<std::uint8_t>(ascii[at]);
        if (is_marked) at += 2;
    }
    return size;
}

std::string from_ascii(std::string_view ascii, char mark) {
    std::string out(ascii.size(), '\0');
    const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
    out.resize(from_ascii(ascii, mark, bytes));
    return out;
}

} // namespace envmesh::config
