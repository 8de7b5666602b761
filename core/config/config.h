// SPDX-License-Identifier: MIT
// config.toml as a struct. Every key, with its default and meaning, stands in one table in
// config.cpp; an unknown key, a wrong type or a value out of range is an error with file and line.
// Passed down, never written.
#pragma once

#include "core/base/error.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace envmesh::config {

enum class Mode { automatic, server_preferred, client_only };
enum class NewMeshes {
    by_listener,
    open,
    token,
    closed
}; // by_listener: open on loopback, else token (A16)

constexpr std::size_t most_bytes = 64 * 1024; // a person wrote it; more is a wrong file

struct Config {
    Mode mode = Mode::automatic;      // [server] mode
    std::string listen = "127.0.0.1"; // [server] listen: address of the cloud-style listener
    std::uint16_t port = 8765;        // [server] port; 0: any free one, logged
    std::string lan_listen = "::";    // [server] lan_listen: what an elected node binds; empty: off
    NewMeshes new_meshes = NewMeshes::by_listener;    // [server] new_meshes
    std::uint64_t max_meshes = 100;                   // [server] max_meshes
    std::uint64_t quota_cells = 200'000;              // [server] quota_cells, a mesh
    std::uint64_t quota_bytes = 256ULL * 1024 * 1024; // [server] quota_bytes, a mesh
    bool enable_cloud = true;                         // [client] enable_cloud
    std::string cloud_url;  // [client] cloud_url; empty: what init or join stored
    std::string cloud_key;  // [client] cloud_key: 64 hex digits; empty: the stored pin
    bool enable_lan = true; // [client] enable_lan
    std::vector<std::string> lan_servers; // [client] lan_servers: "host:port" each
    std::filesystem::path key_file;       // [vault] key_file; empty: vault.key in the data folder
    bool lock_on_logout = true;           // [lock] on_logout
    bool lock_on_sleep = true;            // [lock] on_sleep
    bool lock_on_screen_lock = false;     // [lock] on_screen_lock
    std::uint64_t lock_idle_minutes = 0;  // [lock] idle_minutes; 0: never
    std::string log_level = "info";       // [log] level: debug | info | warning | error

    /// A cloud server: server-preferred, no cloud, no LAN (S9). Only this role binds listen:port.
    [[nodiscard]] bool is_cloud_server() const;
};

/// `invalid` names file, line and key, and says what is allowed. `origin` is what to call the text
/// in messages.
Result<Config> parse(std::string_view toml, std::string_view origin);
/// The text of a file; `invalid` when it has more than most_bytes, `not_found`, `storage`.
Result<std::string> read(const std::filesystem::path& file);
Result<Config> load(const std::filesystem::path& file);

struct Key {
    std::string section, name, type, fallback, meaning;
};
/// The table, for documentation and `config` commands. `type` completes "must be", `fallback` is
/// TOML.
std::vector<Key> keys();

} // namespace envmesh::config
