// SPDX-License-Identifier: MIT
// Which fields each call and reply has, listed once for the encoder and the decoder: `must` is
// required of whoever sends, `may` keeps its default when absent. Included by calls.cpp and
// decode.cpp only.
#pragma once

#include "core/api/calls.h"

#include <concepts>

namespace envmesh::api {

template <class T, class Wanted>
concept Of = std::same_as<std::remove_const_t<T>, Wanted>;

/// Calls and replies that say it all by their name.
template <class T>
concept Bare = Of<T, Done> || Of<T, Status> || Of<T, Lock> || Of<T, Peers> || Of<T, Devices> ||
               Of<T, Shutdown> || Of<T, Watch> || Of<T, Reload> || Of<T, Profiles> ||
               Of<T, Keychain> || Of<T, DisableKeychain> || Of<T, Injected>;
void fields(auto&, Bare auto&) {}

void fields(auto& io, Of<Status::Reply> auto& it) {
    io.must("state", it.state).may("tier", it.tier).may("server", it.server);
    io.may("devices", it.devices).may("pending", it.pending);
    io.may("undecryptable", it.undecryptable).may("last_contact_ms", it.last_contact_ms);
    io.may("device", it.device).may("name", it.name).may("mesh", it.mesh);
    io.may("version", it.version).may("reason", it.reason).may("variables", it.variables);
    io.may("conflicts", it.conflicts).may("held", it.held).may("serves", it.serves);
    io.may("tier_since_ms", it.tier_since_ms).may("tier_reason", it.tier_reason);
    io.may("election", it.election).may("health", it.health).may("locked_by", it.locked_by);
    io.may("unheard", it.unheard);
}
void fields(auto& io, Of<Init> auto& it) {
    io.must("name", it.name).may("server", it.server).may("server_key", it.server_key);
    io.may("server_token", it.server_token).must("password", it.password);
}
void fields(auto& io, Of<Init::Reply> auto& it) {
    io.must("device", it.device).may("mesh", it.mesh).may("server_key", it.server_key);
}
void fields(auto& io, Of<ProbeServer> auto& it) { io.must("server", it.server); }
void fields(auto& io, Of<ProbeServer::Reply> auto& it) { io.must("server_key", it.server_key); }
template <class T>
concept BringsPassword = Of<T, Unlock> || Of<T, EnableKeychain>;
void fields(auto& io, BringsPassword auto& it) { io.must("password", it.password); }
void fields(auto& io, Of<UnlockByKeychain> auto& it) { io.may("ask", it.ask); }
void fields(auto& io, Of<Keychain::Reply> auto& it) {
    io.must("enabled", it.enabled).may("place", it.place).may("key", it.key);
    io.may("lasts", it.lasts).may("reason", it.reason);
}

void fields(auto& io, Of<Variable> auto& it) {
    io.must("key", it.key).may("scope", it.scope).may("profile", it.profile);
    io.may("visibility", it.visibility).may("type", it.type).may("version", it.version);
    io.may("updated_by", it.updated_by).may("updated_at_ms", it.updated_at_ms);
    io.may("expires_at_ms", it.expires_at_ms).may("conflict", it.conflict);
    io.may("inject", it.inject).may("value", it.value);
}
void fields(auto& io, Of<Scoping> auto& it) {
    io.may("profiles", it.profiles).may("project", it.project);
    io.may("project_text", it.project_text);
}
void fields(auto& io, Of<Get> auto& it) {
    io.must("key", it.key).may("scope", it.scope);
    fields(io, it.scoping);
}
void fields(auto& io, Of<Set::Item> auto& it) { io.must("key", it.key).must("value", it.value); }
void fields(auto& io, Of<Set> auto& it) {
    io.must("items", it.items).may("scope", it.scope).may("visibility", it.visibility);
    io.may("type", it.type).may("force", it.force).may("if_version", it.if_version);
    io.may("inject", it.inject);
}
void fields(auto& io, Of<Delete> auto& it) { io.must("keys", it.keys).may("scope", it.scope); }
template <class T>
concept Written = Of<T, Set::Reply> || Of<T, Delete::Reply>;
void fields(auto& io, Written auto& it) {
    io.must("keys", it.keys).must("versions", it.versions).may("pending_sync", it.pending_sync);
}
void fields(auto& io, Of<List> auto& it) {
    io.may("values", it.values).may("after", it.after).may("scope", it.scope);
}
void fields(auto& io, Of<List::Reply> auto& it) {
    io.must("variables", it.variables).may("next", it.next);
}
void fields(auto& io, Of<Export> auto& it) {
    fields(io, it.scoping);
    io.may("run", it.run).may("after", it.after);
}
void fields(auto& io, Of<Export::Item> auto& it) {
    io.must("key", it.key).must("value", it.value).may("type", it.type);
}
void fields(auto& io, Of<Export::Reply> auto& it) {
    io.must("items", it.items).may("skipped", it.skipped).may("missing", it.missing);
    io.may("next", it.next);
}
void fields(auto& io, Of<Injected::Item> auto& it) {
    io.must("key", it.key).may("scope", it.scope).may("state", it.state).may("reason", it.reason);
}
void fields(auto& io, Of<Injected::Reply> auto& it) {
    io.must("items", it.items).may("places", it.places).may("reason", it.reason);
}

void fields(auto& io, Of<Sync> auto& it) { io.may("wait_ms", it.wait_ms); }
void fields(auto& io, Of<Sync::Reply> auto& it) {
    io.must("complete", it.complete).may("received", it.received).may("sent", it.sent);
    io.may("pending", it.pending).may("undecryptable", it.undecryptable);
    io.may("expected", it.expected).may("reason", it.reason);
}
void fields(auto& io, Of<Event> auto& it) {
    io.must("event", it.event).may("state", it.state).may("reason", it.reason);
    io.may("names", it.names).may("device", it.device);
}

} // namespace envmesh::api
