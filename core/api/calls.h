// SPDX-License-Identifier: MIT
// The whole vocabulary between front ends and the daemon: one struct per call, with its reply. On
// the wire each is a JSON object {"id", "call", …fields}; the reply {"id", "ok": true, …fields} or
// {"id", "error": {code, message, fix}}. Secrets travel as "value" when UTF-8, else as "value_b64"
// (also when escaping would make the text longer than base64). Unknown fields are ignored, unknown
// calls refused. Durations are milliseconds. Pages hold at most 512 KiB (S18): ask again with
// `after` = `next` until `next` is empty.
#pragma once

#include "core/api/mesh_calls.h"
#include "core/api/node_calls.h"
#include "core/api/scope_calls.h"
#include "core/api/variable_calls.h"
#include "core/base/error.h"

#include <variant>

namespace envmesh::api {

using Request =
    std::variant<Status, Init, ProbeServer, Unlock, UnlockByKeychain, Lock, Keychain,
                 EnableKeychain, DisableKeychain, Get, Set, Delete, List, Export, Injected,
                 Profiles, UseProfiles, CreateProfile, DeleteProfile, Trust, Distrust, Untrusted,
                 Explain, History, Rollback, Peers, Probe, Devices, Sync, Reload, Shutdown, Watch,
                 Invite, InviteWait, InviteAnswer, Join, JoinWait, JoinConfirm>;
using Reply =
    std::variant<Done, Status::Reply, Init::Reply, ProbeServer::Reply, Variable, Keychain::Reply,
                 Set::Reply, Delete::Reply, List::Reply, Export::Reply, Injected::Reply,
                 Profiles::Reply, Untrusted::Reply, Explain::Reply, History::Reply, Peers::Reply,
                 Probe::Reply, Devices::Reply, Sync::Reply, Invite::Reply, InviteWait::Reply,
                 InviteAnswer::Reply, Join::Reply, JoinWait::Reply>;

/// Whether the answer may have to wait for a person, who has a minute.
template <class Call>
constexpr bool asks_person(const Call& call) {
    if constexpr (requires { call.asks_person(); })
        return call.asks_person();
    else
        return false;
}

/// A front end is told that something happened, by names and states, never by values; it asks again
/// for the rest.
struct Event {
    // variables-changed | link | role | election | health | lock | sync | device | clock | config |
    // shutdown
    std::string event;
    // link: the tier; role: client, serving; election and health: as in Status; lock: locked, …
    std::string state;
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
/// The id of a body that `decode_request` refused, so that the refusal can name it; 0 without one.
std::uint64_t id_of(View body);
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
