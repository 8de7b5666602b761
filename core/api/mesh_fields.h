// SPDX-License-Identifier: MIT
// The fields of the calls in mesh_calls.h; see fields.h.
#pragma once

#include "core/api/fields.h"

namespace envmesh::api {

void fields(auto& io, Of<Peers::Peer> auto& it) {
    io.must("device", it.device).may("name", it.name).may("role", it.role).may("mesh", it.mesh);
    io.may("online", it.online).may("self", it.self).may("rtt_ms", it.rtt_ms);
    io.may("last_seen_ms", it.last_seen_ms).may("link", it.link).may("address", it.address);
    io.may("serves", it.serves);
}
void fields(auto& io, Of<Peers::Reply> auto& it) { io.must("peers", it.peers); }
void fields(auto& io, Of<Probe> auto& it) { io.may("wait_ms", it.wait_ms); }
void fields(auto& io, Of<Probe::Interface> auto& it) {
    io.must("name", it.name).may("mdns", it.mdns).may("broadcast", it.broadcast);
    io.may("heard", it.heard);
}
void fields(auto& io, Of<Probe::Found> auto& it) {
    io.must("instance", it.instance).may("way", it.way).may("addresses", it.addresses);
    io.may("port", it.port).may("device", it.device).may("name", it.name);
    io.may("state", it.state);
}
void fields(auto& io, Of<Probe::Reply> auto& it) {
    io.must("responder", it.responder).may("announced", it.announced);
    io.must("interfaces", it.interfaces).must("found", it.found);
}
void fields(auto& io, Of<Devices::Device> auto& it) {
    io.must("device", it.device).may("name", it.name).may("role", it.role).may("self", it.self);
    io.may("removed", it.removed).may("added_at_ms", it.added_at_ms);
}
void fields(auto& io, Of<Devices::Reply> auto& it) { io.must("devices", it.devices); }
void fields(auto& io, Of<Invite> auto& it) { io.may("ttl_s", it.ttl_s).may("role", it.role); }
void fields(auto& io, Of<Invite::Reply> auto& it) { io.must("code", it.code); }
template <class T>
concept Wait = Of<T, InviteWait> || Of<T, JoinWait>;
void fields(auto& io, Wait auto& it) { io.may("wait_ms", it.wait_ms); }
void fields(auto& io, Of<InviteWait::Reply> auto& it) {
    io.must("waiting", it.waiting).may("name", it.name).may("platform", it.platform);
    io.may("check", it.check);
}
template <class T>
concept Decision = Of<T, InviteAnswer> || Of<T, JoinConfirm>;
void fields(auto& io, Decision auto& it) { io.must("yes", it.yes); }
void fields(auto& io, Of<InviteAnswer::Reply> auto& it) { io.may("device", it.device); }
void fields(auto& io, Of<Join> auto& it) {
    io.must("code", it.code).must("password", it.password).must("name", it.name);
}
void fields(auto& io, Of<Join::Reply> auto& it) { io.must("check", it.check); }
void fields(auto& io, Of<JoinWait::Reply> auto& it) {
    io.must("waiting", it.waiting).may("stage", it.stage).may("admin", it.admin);
    io.may("device", it.device).may("received", it.received).may("expected", it.expected);
    io.may("reason", it.reason);
}

} // namespace envmesh::api
