// SPDX-License-Identifier: MIT
// Bytes, views of them, and the text forms used at the edges: hex, base64 (RFC 4648 §4), base32
// (RFC 4648 §6, lower case, no padding). Every decoder accepts exactly one text for given bytes and
// refuses all others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envmesh {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;
template <std::size_t N>
using Block = std::array<std::uint8_t, N>;

/// The bytes of a text; the view lives as long as the text.
inline View view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text(View bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(View bytes) { return {bytes.begin(), bytes.end()}; }

/// The first N bytes; the caller has checked that there are as many.
template <std::size_t N>
Block<N> block(View bytes) {
    Block<N> out{};
    for (std::size_t i = 0; i < N; ++i)
        out[i] = bytes[i];
    return out;
}

std::string hex(View bytes);
std::optional<Bytes> from_hex(std::string_view text);
std::string base64(View bytes);
std::optional<Bytes> from_base64(std::string_view text);
std::string base32(View bytes);
std::optional<Bytes> from_base32(std::string_view text);

/// Well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong forms.
bool is_utf8(View bytes);

} // namespace envmesh
