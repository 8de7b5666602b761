// SPDX-License-Identifier: MIT
#include "core/config/config.h"

#include "core/base/bytes.h"
#include "core/config/ascii.h"
#include "core/config/document.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

namespace envmesh::config {
namespace {

template <auto member>
bool flag(const toml::node& node, Config& config) {
    const auto value = node.value_exact<bool>();
    if (value) config.*member = *value;
    return value.has_value();
}

template <auto member, std::int64_t least, std::int64_t most>
bool number(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < least || *value > most) return false;
    using Number = std::remove_reference_t<decltype(config.*member)>;
    config.*member = static_cast<Number>(*value);
    return true;
}

template <auto member, auto is_good>
bool text(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    if (!value || !is_good(*value)) return false;
    config.*member = *value;
    return true;
}

template <auto member, std::size_t most, auto is_good>
bool texts(const toml::node& node, Config& config) {
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > most) return false;
    std::vector<std::string> out;
    for (const toml::node& item : *list) {
        const auto value = item.value_exact<std::string>();
        if (!value || !is_good(*value)) return false;
        out.push_back(*value);
    }
    config.*member = std::move(out);
    return true;
}

template <auto member, const auto& names>
bool choice(const toml::node& node, Config& config) {
    const auto value = node.value_exact<std::string>();
    const auto* found =
        value ? std::ranges::find(names, *value, [](auto& n) { return n.first; }) : names.end();
    if (found == names.end()) return false;
    config.*member = found->second;
    return true;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_any_of(std::string_view text, std::string_view punctuation) {
    return std::ranges::all_of(text, [punctuation](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               punctuation.find(c) != std::string_view::npos;
    });
}

bool is_ipv4(std::string_view text) {
    for (int parts = 1;; ++parts) {
        const auto digits = text.substr(0, text.find('.'));
        const bool is_short = !digits.empty() && digits.size() <= 3;
        if (!is_short || !std::ranges::all_of(digits, is_digit)) return false;
        if (std::stoi(std::string(digits)) > 255) return false;
        if (digits.size() == text.size()) return parts == 4;
        text.remove_prefix(digits.size() + 1);
    }
}

// Tells an address from a host name; the listener reads it in full.
bool is_ipv6(std::string_view text) {
    const auto address = text.substr(0, text.find('%'));
    const auto zone = text.substr(address.size());
    return std::ranges::count(address, ':') >= 2 &&
           address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
           address.size() <= 45 && zone.size() != 1 && zone.size() <= 65 && is_any_of(zone, "%.-_");
}

bool is_address(const std::string& text) {
    return text == "localhost" || is_ipv4(text) || is_ipv6(text);
}
bool is_loopback(const std::string& text) {
    return text == "localhost" || text == "::1" || (is_ipv4(text) && text.starts_with("127."));
}
bool is_lan_address_or_empty(const std::string& text) {
    return text.empty() || (is_address(text) && !is_loopback(text));
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit) &&
           std::stoi(std::string(text)) >= 1 && std::stoi(std::string(text)) <= 65535;
}

bool is_authority(std::string_view authority) {
    if (authority.size() > 300) return false;
    if (const auto colon = authority.rfind(':');
        colon != std::string_view::npos && !authority.ends_with(']')) {
        if (!is_port(authority.substr(colon + 1))) return false;
        authority = authority.substr(0, colon);
    }
    return !authority.empty() && is_any_of(authority, ".:-_%[]");
}
bool is_url_or_empty(const std::string& text) {
    constexpr std::string_view scheme = "wss://";
    return text.empty() ||
           (text.starts_with(scheme) && is_authority(std::string_view(text).substr(scheme.size())));
}
bool is_host_and_port(const std::string& text) { return is_authority(text); }
bool is_key_or_empty(const std::string& text) {
    return text.empty() || (text.size() == 64 && from_hex(text).has_value());
}
bool is_absolute_or_empty(const std::string& text) {
    return text.find('\0') == std::string::npos &&
           (text.empty() || std::filesystem::path(text).is_absolute());
}
bool is_level(const std::string& text) {
    return text == "debug" || text == "info" || text == "warning" || text == "error";
}

constexpr std::array modes{
    std::pair<std::string_view, Mode>{"auto", Mode::automatic},
    std::pair<std::string_view, Mode>{"server-preferred", Mode::server_preferred},
    std::pair<std::string_view, Mode>{"client-only", Mode::client_only}};
constexpr std::array policies{
    std::pair<std::string_view, NewMeshes>{"by-listener", NewMeshes::by_listener},
    std::pair<std::string_view, NewMeshes>{"open", NewMeshes::open},
    std::pair<std::string_view, NewMeshes>{"token", NewMeshes::token},
    std::pair<std::string_view, NewMeshes>{"closed", NewMeshes::closed}};

constexpr std::size_t most_lan_servers = 8;
constexpr std::int64_t most_meshes = 1'000'000;
constexpr std::int64_t most_quota = 1LL << 50;

struct Row {
    std::string_view section, name;
    std::string_view type; // completes "must be …"
    std::string_view fallback, meaning;
    bool (*read)(const toml::node&, Config&);
};

// Every key there is. The fallbacks repeat those of Config, and a test holds them equal.
constexpr std::array table{
    Row{"server", "mode", R"("auto", "server-preferred" or "client-only")", R"("auto")",
        "whether this machine may serve others", choice<&Config::mode, modes>},
    Row{"server", "listen", R"(an IP address or "localhost")", R"("127.0.0.1")",
        "address that a cloud server listens on", text<&Config::listen, is_address>},
    Row{"server", "port", "a whole number from 0 to 65535", "8765",
        "port of that address; 0 takes any free one", number<&Config::port, 0, 65535>},
    Row{"server", "lan_listen", "an IP address that others reach, or empty", R"("::")",
        "address that a machine listens on while it serves the local network (::, every one of "
        "IPv6 and IPv4); empty: it never serves",
        text<&Config::lan_listen, is_lan_address_or_empty>},
    Row{"server", "new_meshes", R"("by-listener", "open", "token" or "closed")", R"("by-listener")",
        "who may create a mesh here; by-listener: anyone on loopback, else holders of the token",
        choice<&Config::new_meshes, policies>},
    Row{"server", "max_meshes", "a whole number of at least 1", "100",
        "most meshes that are kept here; no more are made then",
        number<&Config::max_meshes, 1, most_meshes>},
    Row{"server", "quota_cells", "a whole number of at least 1", "200000",
        "most records that a mesh may keep here; devices take up to 400000",
        number<&Config::quota_cells, 1, most_quota>},
    Row{"server", "quota_bytes", "a whole number of at least 1", "268435456",
        "most bytes that a mesh may keep here, its member list too; devices take up to 536870912",
        number<&Config::quota_bytes, 1, most_quota>},
    Row{"client", "enable_cloud", "true or false", "true", "use a cloud server",
        flag<&Config::enable_cloud>},
    Row{"client", "cloud_url", R"(a URL like "wss://host:8765", or empty)", R"("")",
        "the cloud server; empty: the one that init or join was given",
        text<&Config::cloud_url, is_url_or_empty>},
    Row{"client", "cloud_key", "64 lower-case hexadecimal digits, or empty", R"("")",
        "that server's key; empty: the one that init or join confirmed",
        text<&Config::cloud_key, is_key_or_empty>},
    Row{"client", "enable_lan", "true or false", "true", "look for servers on the local network",
        flag<&Config::enable_lan>},
    Row{"client", "lan_servers", R"(a list of at most 8 times "host:port")", "[]",
        "machines that are tried as servers of the local network, announced or not",
        texts<&Config::lan_servers, most_lan_servers, is_host_and_port>},
    Row{"vault", "key_file", "an absolute path, or empty", R"("")",
        "key file of a machine without a person; empty: vault.key in the data folder",
        text<&Config::key_file, is_absolute_or_empty>},
    Row{"lock", "on_logout", "true or false", "true",
        "lock the vault when the last login session of this user ends",
        flag<&Config::lock_on_logout>},
    Row{"lock", "on_sleep", "true or false", "true",
        "lock the vault before the machine sleeps; with a keychain it opens when it wakes",
        flag<&Config::lock_on_sleep>},
    Row{"lock", "on_screen_lock", "true or false", "false",
        "lock the vault with the screen; with a keychain it opens with the screen",
        flag<&Config::lock_on_screen_lock>},
    Row{"lock", "idle_minutes", "a whole number from 0 to 10080", "0",
        "lock the vault when nobody has read or changed a variable for so long; 0: never",
        number<&Config::lock_idle_minutes, 0, 10080>},
    Row{"log", "level", R"("debug", "info", "warning" or "error")", R"("info")",
        "least level that is logged", text<&Config::log_level, is_level>},
};

std::string place(std::string_view origin, std::size_t line) {
    return std::string(origin) + ":" + std::to_string(line) + ": ";
}
std::string place(std::string_view origin, const toml::source_region& where) {
    return place(origin, where.begin.line);
}

// What a person typed, shortened and with nothing in it that moves a cursor.
std::string shown(std::string_view name) {
    std::string out = "\"";
    for (const char c : name.substr(0, 64))
        out += c >= ' ' && c <= '~' ? c : '?';
    return out + '"';
}

std::string known_keys(std::string_view section) {
    std::string list;
    for (const Row& row : table)
        if (row.section == section) list.append(list.empty() ? "" : ", ").append(row.name);
    return list;
}

Result<> read_key(const Row& row, const toml::node& value, std::string_view origin,
                  Config& config) {
    if (row.read(value, config)) return {};
    return fail(Code::invalid,
                place(origin, value.source()) + std::string(row.section) + "." +
                    std::string(row.name) + " must be " + std::string(row.type) + ".",
                "Write it so, or take it out: then its default counts.");
}

Result<> read_section(const toml::key& section, const toml::node& node, std::string_view origin,
                      char mark, Config& config) {
    const std::string keys = known_keys(section.str());
    if (keys.empty())
        return fail(Code::invalid,
                    place(origin, section.source()) + "There is no section " +
                        shown(from_ascii(section.str(), mark)) + ".",
                    "The sections are [server], [client], [vault], [lock] and [log].");
    if (!node.is_table())
        return fail(Code::invalid,
                    place(origin, node.source()) + std::string(section.str()) +
                        " must be a section: [" + std::string(section.str()) + "].",
                    "Write that on a line of its own, and its keys below it.");
    for (const auto& [key, value] : *node.as_table()) {
        const auto* row = std::ranges::find_if(
            table, [&](const Row& r) { return r.section == section.str() && r.name == key.str(); });
        if (row == table.end())
            return fail(Code::invalid,
                        place(origin, key.source()) + "There is no key " +
                            shown(from_ascii(key.str(), mark)) + " in [" +
                            std::string(section.str()) + "].",
                        "The keys there are " + keys + ".");
        if (auto read = read_key(*row, value, origin, config); !read) return read;
    }
    return {};
}

} // namespace

bool Config::is_cloud_server() const {
    return mode == Mode::server_preferred && !enable_cloud && !enable_lan;
}

Result<Config> parse(std::string_view toml, std::string_view origin) {
    const auto document = read_document(toml);
    if (!document)
        return fail(Code::invalid,
                    place(origin, document.error().line) + "This is not valid TOML" +
                        document.error().reason + ".",
                    "Mend it there, then: envmesh-cli config check");
    Config config;
    for (const auto& [section, node] : document->root)
        if (auto read = read_section(section, node, origin, document->mark, config); !read)
            return std::unexpected(read.error());
    return config;
}

Result<std::string> read(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return fail(Code::not_found,
                    "The configuration file " + file.string() + " cannot be opened.",
                    "Check the path and its permissions.");
    std::string toml(most_bytes + 1, '\0');
    stream.read(toml.data(), static_cast<std::streamsize>(toml.size()));
    if (stream.bad() || (stream.fail() && !stream.eof()))
        return fail(Code::storage, "The configuration file " + file.string() + " cannot be read.",
                    "Name a file, not a folder.");
    toml.resize(static_cast<std::size_t>(stream.gcount()));
    if (toml.size() > most_bytes)
        return fail(Code::invalid,
                    "The configuration file " + file.string() +
                        " is larger than 64 KiB, so it is not one.",
                    "Name another, or make it smaller.");
    return toml;
}

Result<Config> load(const std::filesystem::path& file) {
    const auto toml = read(file);
    if (!toml) return std::unexpected(toml.error());
    return parse(*toml, file.string());
}

std::vector<Key> keys() {
    std::vector<Key> out;
    for (const Row& row : table)
        out.push_back({std::string(row.section), std::string(row.name), std::string(row.type),
                       std::string(row.fallback), std::string(row.meaning)});
    return out;
}

} // namespace envmesh::config
