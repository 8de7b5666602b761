// SPDX-License-Identifier: MIT
// Calls about the other devices of the mesh, and about letting one in.
#pragma once

#include "core/api/node_calls.h"

#include <vector>

namespace envmesh::api {

struct Peers {
    static constexpr auto call = "peers";
    struct Peer {
        std::string device, name, role, mesh; // mesh: prefix, on a blind server only
        bool online = false, self = false;
        std::optional<std::int64_t> rtt_ms, last_seen_ms;
        std::string link;    // cloud | lan: how it is reached; empty: it is not
        std::string address; // "192.0.2.1:8765"; empty: behind a server
        bool serves = false; // the local network
    };
    struct Reply {
        std::vector<Peer> peers;
    };
};
/// Asks on the local network who serves, waits, and tells what came back.
struct Probe {
    static constexpr auto call = "probe";
    std::uint32_t wait_ms = 3'000; // at most 20 s
    struct Interface {
        std::string name;
        std::string mdns, broadcast; // what was sent there, or why nothing was
        std::uint64_t heard = 0;     // answers, of any mesh
    };
    struct Found {
        std::string instance, way; // mdns, broadcast, configured
        std::vector<std::string> addresses;
        std::uint32_t port = 0;
        std::string device, name; // who it proved to be; empty: nobody
        std::string state;        // connected, or why not
    };
    struct Reply {
        std::string responder, announced;
        std::vector<Interface> interfaces;
        std::vector<Found> found;
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
        std::string reason; // why nothing arrives, a sentence
    };
};
struct JoinConfirm {
    static constexpr auto call = "join-confirm";
    bool yes = false;
    using Reply = Done;
};

} // namespace envmesh::api
