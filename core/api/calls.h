// SPDX-License-Identifier: MIT
// The whole vocabulary between front ends and the daemon: one struct per call, with its reply. On
// the wire each is a JSON object {"id", "call", …fields}; the reply {"id", "ok", …} or {"id",
// "error": {code, message, fix}}. Values travel as "value" when UTF-8, else "value_b64". Unknown
// fields are ignored, unknown calls refused. Durations are milliseconds. Pages hold at most 512 KiB
// (S18): ask again with `after` = `next` until `next` is empty.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <optional>
#include <variant>
#include <vector>

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
        bool serves = false; // a blind server
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
struct Lock {
    static constexpr auto call = "lock";
    using Reply = Done;
};

struct Variable {
    std::string key, scope, profile, visibility, type, version, updated_by;
    std::int64_t updated_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms;
    bool conflict = false;
    std::optional<Secret> value;
};
struct Get {
    static constexpr auto call = "get";
    std::string key, scope; // scope empty: as this machine sees it
    using Reply = Variable;
};
struct Set {
    static constexpr auto call = "set";
    struct Item {
        std::string key;
        Secret value;
    };
    std::vector<Item> items;       // all or none
    std::string scope, visibility; // empty: "shared", and unchanged or "shell"
    bool force = false;            // stores a name of class A, for `get` only
    struct Reply {
        std::vector<std::string> keys, versions;
        std::uint64_t pending_sync = 0;
    };
};
struct Delete {
    static constexpr auto call = "delete";
    std::vector<std::string> keys; // all or none
    std::string scope;
    struct Reply {
        std::vector<std::string> keys, versions;
        std::uint64_t pending_sync = 0;
    };
};
struct List {
    static constexpr auto call = "list";
    bool values = false;
    std::string after; // "scope\nkey" of the last one
    struct Reply {
        std::vector<Variable> variables;
        std::string next;
    };
};
/// What a shell is to get: visibility shell, resolved over scopes, name policy applied, sorted by
/// name.
struct Export {
    static constexpr auto call = "export";
    std::string after;
    struct Item {
        std::string key;
        Secret value;
    };
    struct Reply {
        std::vector<Item> items;
        std::vector<std::string> skipped;
        std::string next;
    }; // skipped: "NAME: reason"
};
struct Peers {
    static constexpr auto call = "peers";
    struct Peer {
        std::string device, name, role, mesh; // mesh: prefix, on a blind server only
        bool online = false, self = false;
        std::optional<std::int64_t> rtt_ms, last_seen_ms;
    };
    struct Reply {
        std::vector<Peer> peers;
    };
};
struct Devices {
    static constexpr auto call = "devices";
    struct Device {
        std::string device, name, role;
        bool self = false, removed = false;
        std::int64_t added_at_ms = 0;
    };
    struct Reply {
        std::vector<Device> devices;
    };
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
struct Shutdown {
    static constexpr auto call = "shutdown";
    using Reply = Done;
};
/// Turns the connection into a stream of events.
struct Watch {
    static constexpr auto call = "watch";
    using Reply = Done;
};

/// The invitation lives as long as the connection that started it.
struct Invite {
    static constexpr auto call = "invite";
    std::uint32_t ttl_s = 600;
    std::string role = "member";
    struct Reply {
        Secret code;
    };
};
struct InviteWait { // answers within `wait_ms`; waiting = ask again
    static constexpr auto call = "invite-wait";
    std::uint32_t wait_ms = 20'000;
    struct Reply {
        bool waiting = true;
        std::string name, platform, check;
    };
};
struct InviteAnswer {
    static constexpr auto call = "invite-answer";
    bool yes = false;
    struct Reply {
        std::string device;
    };
};
struct Join {
    static constexpr auto call = "join";
    Secret code, password;
    std::string name;
    struct Reply {
        std::string check;
    }; // the admin has answered: six digits to compare
};
/// stage: "confirm" (the admin said yes; ask the person, then JoinConfirm), "syncing" (received of
/// expected), "done".
struct JoinWait {
    static constexpr auto call = "join-wait";
    std::uint32_t wait_ms = 20'000;
    struct Reply {
        bool waiting = true;
        std::string stage, admin, device;
        std::uint64_t received = 0, expected = 0;
    };
};
struct JoinConfirm {
    static constexpr auto call = "join-confirm";
    bool yes = false;
    using Reply = Done;
};

using Request = std::variant<Status, Init, ProbeServer, Unlock, Lock, Get, Set, Delete, List,
                             Export, Peers, Devices, Sync, Shutdown, Watch, Invite, InviteWait,
                             InviteAnswer, Join, JoinWait, JoinConfirm>;
using Reply = std::variant<Done, Status::Reply, Init::Reply, ProbeServer::Reply, Variable,
                           Set::Reply, Delete::Reply, List::Reply, Export::Reply, Peers::Reply,
                           Devices::Reply, Sync::Reply, Invite::Reply, InviteWait::Reply,
                           InviteAnswer::Reply, Join::Reply, JoinWait::Reply>;

/// A front end is told that something happened, by names and states, never by values; it asks again
/// for the rest.
struct Event {
    std::string event; // variables-changed | link | lock | sync | device | clock | shutdown
    std::string state; // link: cloud, offline; lock: locked, unlocked; …
    std::string reason;
    std::vector<std::string> names; // variables-changed: at most 1000, else empty with state "many"
    std::string device;
};

inline constexpr int protocol_min = 1;
inline constexpr int protocol_max = 1;
/// {"hello": {protocol: [min, max], version, role}}, the first frame each way (protocol §3).
struct Hello {
    int least = protocol_min, most = protocol_max;
    std::string version, role;
};

// Bodies of frames. Whoever decodes hostile bytes gets an error, never an exception; depth is at
// most 32.
struct Numbered {
    std::uint64_t id = 0;
    Request request;
};
Secret encode(std::uint64_t id, const Request& request);
Result<Numbered> decode_request(View body);
Secret encode(std::uint64_t id, const Result<Reply>& reply);
struct Answer {
    std::uint64_t id = 0;
    Result<Reply> reply;
};
/// `asked` tells which reply to expect.
Result<Answer> decode_reply(View body, const Request& asked);
Secret encode(const Event& event);
Result<Event> decode_event(View body);
Secret encode(const Hello& hello);
Result<Hello> decode_hello(View body);

} // namespace envmesh::api
