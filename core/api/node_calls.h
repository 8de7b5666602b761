// SPDX-License-Identifier: MIT
// Calls about this daemon itself: its state, its vault, its synchronisation, its end.
#pragma once

#include "core/base/secret.h"

#include <cstdint>
#include <optional>
#include <string>

namespace envmesh::api {

struct Done {};

struct Status {
    static constexpr auto call = "status";
    struct Reply {
        std::string state;  // absent | locked | unlocked | degraded
        std::string tier;   // cloud | lan | serving | offline
        std::string server; // url; empty: null in JSON
        std::uint64_t devices = 0, pending = 0, undecryptable = 0;
        std::optional<std::int64_t> last_contact_ms; // wall clock
        std::string device, name, mesh, version,
            reason; // reason: why offline or degraded, a sentence
        std::uint64_t variables = 0, conflicts = 0, held = 0;
        bool serves = false; // a blind server, or the local network's
        std::optional<std::int64_t> tier_since_ms;
        std::string tier_reason;      // a sentence; empty for the cloud
        std::string election, health; // idle | standing | serving | yielding; down | up | steady
        std::string locked_by; // while locked: start | command | idle | sleep | screen | logout
        std::string unheard;   // why the login's news that are to lock do not come: a sentence
    };
};
struct Init {
    static constexpr auto call = "init";
    std::string name, server, server_key, server_token; // server: wss URL or empty
    Secret password;
    struct Reply {
        std::string device, mesh, server_key;
    };
};
/// The key that a server shows, for a person to confirm before `init` (S23).
struct ProbeServer {
    static constexpr auto call = "probe-server";
    std::string server;
    struct Reply {
        std::string server_key;
    };
};
struct Unlock {
    static constexpr auto call = "unlock";
    Secret password;
    using Reply = Done;
};
/// With the key that the system's keychain holds (platform/keychain.h); `ask`: it may put a
/// question to the person. `not_found` when no keychain was enabled for this vault.
struct UnlockByKeychain {
    static constexpr auto call = "unlock-by-keychain";
    bool ask = false;
    using Reply = Done;
    [[nodiscard]] bool asks_person() const { return ask; }
};
struct Lock {
    static constexpr auto call = "lock";
    using Reply = Done;
};
/// Looks, and asks nobody.
struct Keychain {
    static constexpr auto call = "keychain";
    struct Reply {
        bool enabled = false; // the vault can be opened with it
        std::string place;    // "Secret Service", "kernel keyring"; empty: there is none
        std::string key;      // there | missing | locked | unknown; empty when not enabled
        bool lasts = false;   // what it holds outlives the login
        std::string reason;   // why no better place is used, or what is wrong: a sentence
    };
};
/// Gives the keychain a random key that opens the vault, in place of an earlier one.
struct EnableKeychain {
    static constexpr auto call = "enable-keychain";
    Secret password;
    using Reply = Keychain::Reply;
    static constexpr bool asks_person() { return true; }
};
struct DisableKeychain {
    static constexpr auto call = "disable-keychain";
    using Reply = Done;
};

struct Sync {
    static constexpr auto call = "sync";
    std::uint32_t wait_ms = 10'000; // at most 25 s a call; the reply says whether it is complete
    struct Reply {
        bool complete = false;
        std::uint64_t received = 0, sent = 0, pending = 0, undecryptable = 0, expected = 0;
        std::string reason;
    };
};
/// Reads the configuration file again and applies it. An error changes nothing.
struct Reload {
    static constexpr auto call = "reload";
    using Reply = Done;
};
struct Shutdown {
    static constexpr auto call = "shutdown";
    using Reply = Done;
};
/// Turns the connection into a stream of events.
struct Watch {
    static constexpr auto call = "watch";
    using Reply = Done;
};

} // namespace envmesh::api
