// SPDX-License-Identifier: MIT
#include "core/base/bytes.h"

#include <sodium.h>

namespace envmesh {
namespace {

constexpr std::string_view base32_alphabet = "abcdefghijklmnopqrstuvwxyz234567";

// How many bytes a UTF-8 sequence that starts with `lead` has, and the range of its second byte.
struct Sequence {
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
};

Sequence sequence(std::uint8_t lead) {
    if (lead < 0x80) return {1};
    if (lead >= 0xc2 && lead <= 0xdf) return {2};
    if (lead == 0xe0) return {3, 0xa0, 0xbf};
    if (lead == 0xed) return {3, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef) return {3};
    if (lead == 0xf0) return {4, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3) return {4};
    if (lead == 0xf4) return {4, 0x80, 0x8f};
    return {0};
}

} // namespace

std::string hex(View bytes) {
    std::string out(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
    out.pop_back();
    return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.empty()) return Bytes{};
    Bytes out(text.size() / 2);
    std::size_t length = 0;
    if (text.size() % 2 != 0 || sodium_hex2bin(out.data(), out.size(), text.data(), text.size(),
                                               nullptr, &length, nullptr) != 0)
        return std::nullopt;
    if (length != out.size() || hex(out) != text) return std::nullopt;
    return out;
}

std::string base64(View bytes) {
    constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
    std::string out(sodium_base64_ENCODED_LEN(bytes.size(), variant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
    out.pop_back();
    return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.empty()) return Bytes{};
    Bytes out(text.size() / 4 * 3 + 3);
    std::size_t length = 0;
    const char* end = nullptr;
    if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text.data() + text.size())
        return std::nullopt;
    out.resize(length);
    return out;
}

std::string base32(View bytes) {
    std::string out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const std::uint8_t byte : bytes) {
        buffer = (buffer << 8U) | byte;
        for (bits += 8; bits >= 5; bits -= 5)
            out += base32_alphabet[(buffer >> static_cast<unsigned>(bits - 5)) & 31U];
    }
    if (bits > 0) out += base32_alphabet[(buffer << static_cast<unsigned>(5 - bits)) & 31U];
    return out;
}

std::optional<Bytes> from_base32(std::string_view text) {
    Bytes out;
    std::uint32_t buffer = 0;
    int bits = 0;
    for (const char c : text) {
        const auto digit = base32_alphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        buffer = (buffer << 5U) | static_cast<std::uint32_t>(digit);
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        out.push_back(static_cast<std::uint8_t>(buffer >> static_cast<unsigned>(bits)));
    }
    if (base32(out) != text) return std::nullopt; // left-over bits set, or a superfluous character
    return out;
}

bool is_utf8(View bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        const Sequence expected = sequence(bytes[i]);
        if (expected.length == 0 || i + expected.length > bytes.size()) return false;
        for (std::size_t k = 1; k < expected.length; ++k) {
            const std::uint8_t byte = bytes[i + k];
            const bool second = k == 1;
            if (byte < (second ? expected.low : 0x80) || byte > (second ? expected.high : 0xbf))
                return false;
        }
        i += expected.length;
    }
    return true;
}

} // namespace envmesh
