// SPDX-License-Identifier: MIT
#include "core/net/websocket.h"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>

namespace envmesh::net {
namespace {

constexpr std::string_view scheme = "wss://";
constexpr std::string_view example = "Write it as wss://host or wss://host:port.";

// A name or an IPv4 address: RFC 1123 letters, digits, '-' and '.', and '_' which the field knows.
bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
           std::ranges::all_of(host, is_host_character);
}

bool is_ipv6(std::string_view host) {
    boost::system::error_code error;
    asio::ip::make_address_v6(host, error);
    return !error && !host.contains('%');
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.size() > 5 ||
        text.front() == '0' || value > 65535)
        return std::nullopt;
    return static_cast<std::uint16_t>(value);
}

std::unexpected<Error> not_an_address(std::string_view text) {
    // A control character must not reach a terminal, nor a novel a log.
    std::string shown(text.substr(0, 200));
    std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
    return fail(Code::invalid, "\"" + shown + "\" is not the address of a server.",
                std::string(example));
}

} // namespace

Result<Url> Url::parse_authority(std::string_view text) {
    Url out;
    std::string_view rest = text;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1)))
            return not_an_address(text);
        out.host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
    } else {
        const auto end = std::min(text.find(':'), text.size());
        if (!is_host(text.substr(0, end))) return not_an_address(text);
        out.host = text.substr(0, end);
        rest = text.substr(end);
    }
    if (rest.empty()) return out;
    const auto port = rest.front() == ':' && rest.size() > 1 ? parse_port(rest.substr(1))
                                                             : std::optional<std::uint16_t>();
    if (!port) return not_an_address(text);
    out.port = *port;
    return out;
}

Result<Url> Url::parse(std::string_view text) {
    if (text.starts_with("ws://"))
        return fail(Code::invalid, "Unencrypted ws:// addresses are not supported.",
                    "Write wss:// instead of ws://.");
    if (!text.starts_with(scheme)) return not_an_address(text);
    std::string_view authority = text.substr(scheme.size());
    if (authority.ends_with('/')) authority.remove_suffix(1);
    return parse_authority(authority);
}

std::string Url::authority() const {
    const std::string shown = host.contains(':') ? "[" + host + "]" : host;
    return shown + ":" + std::to_string(port);
}

std::string Url::to_string() const { return std::string(scheme) + authority(); }

} // namespace envmesh::net
