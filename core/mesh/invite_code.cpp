// SPDX-License-Identifier: MIT
#include "core/mesh/invite.h"

#include <algorithm>

namespace envmesh::mesh {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t secret_size = 16;
constexpr std::size_t check_size = 2; // characters
constexpr std::size_t most_address = 260;
constexpr std::size_t most_text = 1024;

/// The first ten bits of the hash.
std::string check_characters(View payload) {
    return base32(crypto::hash256({payload})).substr(0, check_size);
}

bool is_port(std::string_view digits) {
    if (digits.empty() || digits.size() > 5 || digits[0] == '0') return false;
    int port = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return false;
        port = port * 10 + (c - '0');
    }
    return port <= 65535;
}

bool is_host(std::string_view host) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view digits = "0123456789";
    const auto only = [](std::string_view text, auto... allowed) {
        return std::ranges::all_of(text, [=](char c) { return (allowed.contains(c) || ...); });
    };
    using std::string_view_literals::operator""sv;
    if (host.starts_with('[') && host.ends_with(']'))
        return host.size() > 4 &&
               only(host.substr(1, host.size() - 2), digits, "abcdefABCDEF"sv, ":."sv);
    return !host.empty() && host[0] != '-' && only(host, letters, digits, ".-_"sv);
}

bool is_address(std::string_view address) {
    const auto colon = address.rfind(':');
    return address.size() <= most_address && colon != std::string_view::npos &&
           is_host(address.substr(0, colon)) && is_port(address.substr(colon + 1));
}

/// Lower case, without what people and screens put in between.
Secret plain(std::string_view text) {
    Secret out(text.size());
    std::size_t size = 0;
    for (const char c : text) {
        if (std::string_view(" \t\r\n-").contains(c)) continue;
        const bool upper = c >= 'A' && c <= 'Z';
        out.writable()[size++] = static_cast<std::uint8_t>(upper ? c - 'A' + 'a' : c);
    }
    return Secret(out.reveal().first(size));
}

std::unexpected<Error> malformed(std::string_view why) {
    return fail(Code::invalid, "The invitation code is not right: " + std::string(why) + ".",
                "Copy the whole code again from the inviting device.");
}

/// The bytes before the check characters.
Result<Secret> checked_payload(const Secret& text) {
    if (text.size() > most_text) return malformed("it is too long");
    const Secret code = plain(text.reveal_text());
    if (code.size() <= check_size) return malformed("it is too short");
    const auto characters = code.reveal_text();
    const auto end = characters.size() - check_size;
    auto bytes = from_base32(characters.substr(0, end));
    if (!bytes) return malformed("a character is wrong or missing");
    Secret payload{View(*bytes)};
    wipe(*bytes);
    if (check_characters(payload.reveal()) != characters.substr(end))
        return malformed("a character is wrong or missing");
    return payload;
}

} // namespace

InviteCode InviteCode::create(Random& random, const crypto::ShortHash& server_key,
                              std::string address) {
    InviteCode code{Secret(secret_size), server_key, std::move(address)};
    random.fill(code.secret.writable());
    return code;
}

Result<InviteCode> InviteCode::parse(const Secret& text) {
    const auto payload = checked_payload(text);
    if (!payload) return std::unexpected(payload.error());
    Reader in(payload->reveal());
    const std::uint8_t code_version = in.u8();
    if (code_version > version)
        return fail(Code::too_new, "The invitation was made by a newer version of EnvMesh.",
                    "Update EnvMesh on this machine, then join again.");
    InviteCode code;
    code.secret = Secret(in.raw(secret_size));
    code.server_key = in.block<16>();
    code.address = envmesh::text(in.rest());
    if (!in.ok() || code_version != version) return malformed("it is too short");
    if (!code.address.empty() &&
        (!is_address(code.address) || code.server_key == crypto::ShortHash{}))
        return malformed("the server in it cannot be used");
    return code;
}

Secret InviteCode::to_text() const {
    Writer out;
    out.u8(version).raw(secret.reveal()).raw(server_key).raw(view(address));
    Bytes payload = std::move(out).bytes();
    std::string text = base32(payload) + check_characters(payload);
    Secret code{std::string_view(text)};
    wipe(payload);
    wipe(text);
    return code;
}

RendezvousId InviteCode::rendezvous() const { return SlotKeys(secret.reveal()).rendezvous(); }

} // namespace envmesh::mesh
