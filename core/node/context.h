// SPDX-License-Identifier: MIT
// What a node is given from outside: the owner's executor, time, randomness, threads, files,
// settings. Lives longer than everything in core/node.
#pragma once

#include "core/api/calls.h"
#include "core/base/clock.h"
#include "core/base/task.h"
#include "core/config/config.h"
#include "core/crypto/kdf.h"
#include "core/net/websocket.h"
#include "core/node/vicinity.h"

#include <filesystem>
#include <functional>
#include <map>

namespace envmesh::node {

/// The data folder. Names are plain file names in it; files are 0600 and replaced whole or not at
/// all.
class Home {
  public:
    virtual ~Home() = default;
    /// Nothing when there is no such file.
    virtual Result<std::optional<Secret>> read(const std::filesystem::path& name,
                                               std::size_t most_bytes) = 0;
    virtual Result<> write(const std::filesystem::path& name, View contents) = 0;
    /// Renames what stands in the way of a new file of that name to "<name>.unreadable", or
    /// ".unreadable.2" and on where that exists.
    virtual Result<> move_aside(const std::filesystem::path& name) = 0;
    [[nodiscard]] virtual std::filesystem::path path(const std::filesystem::path& name) const = 0;
};

class Keychain; // keychain.h

/// Of a variable that is not everywhere.
struct Refusal {
    std::string reason;
    bool nowhere = false; // no place has it
};

/// How far the session's environment has come (platform/environment.h).
struct Published {
    bool is_current = false; // nothing waits to be brought there
    std::vector<std::string> places;
    std::map<std::string, Refusal> refused; // by name
    std::string reason;                     // why there is no place, or not every one
};

struct Context {
    asio::any_io_executor executor;
    Clock& clock;
    Random& random;
    asio::thread_pool& crypto; // as many threads as cores: signatures
    asio::thread_pool& slow;   // one thread: Argon2id
    Home& home;
    config::Config config;
    crypto::Argon2Limits argon2;
    net::Timeouts timeouts;
    std::string platform; // "linux", as the inviter sees it
    std::function<void(const api::Event&)> publish;
    Vicinity* vicinity = nullptr;                          // none: no local network is looked at
    std::function<Result<config::Config>()> read_config{}; // anew; none: it cannot be
    std::function<void()> exports_changed = [] {};         // what a shell is to have may differ now
    std::function<void()> reconfigured{};                  // `config` is another one now
    Keychain* keychain = nullptr;                          // none: the password alone opens
    std::function<Published()> published{};                // none: nothing is brought anywhere
    std::function<std::string()> unheard{};                // as Status has it; none: empty
};

inline constexpr const char* vault_file = "vault.keys";
inline constexpr const char* database_file = "envmesh.db";

} // namespace envmesh::node
