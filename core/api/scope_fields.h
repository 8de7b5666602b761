// SPDX-License-Identifier: MIT
// As fields.h, for the calls of scope_calls.h.
#pragma once

#include "core/api/fields.h"

namespace envmesh::api {

void fields(auto& io, Of<Profiles::Profile> auto& it) {
    io.must("name", it.name).may("variables", it.variables).may("place", it.place);
}
void fields(auto& io, Of<Profiles::Reply> auto& it) { io.must("profiles", it.profiles); }
void fields(auto& io, Of<UseProfiles> auto& it) { io.must("names", it.names); }
template <class T>
concept NamesProfile = Of<T, CreateProfile> || Of<T, DeleteProfile>;
void fields(auto& io, NamesProfile auto& it) { io.must("name", it.name); }

void fields(auto& io, Of<Trust> auto& it) {
    io.may("keys", it.keys).may("versions", it.versions);
    io.may("project", it.project).may("project_text", it.project_text);
}
void fields(auto& io, Of<Distrust> auto& it) { io.may("keys", it.keys).may("project", it.project); }
void fields(auto& io, Of<Untrusted> auto& it) {
    io.may("values", it.values);
    fields(io, it.scoping);
}
void fields(auto& io, Of<Untrusted::Reply> auto& it) { io.must("variables", it.variables); }

void fields(auto& io, Of<Explain> auto& it) {
    io.must("key", it.key);
    fields(io, it.scoping);
}
void fields(auto& io, Of<Explain::Layer> auto& it) {
    io.must("scope", it.scope).may("version", it.version).may("updated_by", it.updated_by);
    io.may("updated_at_ms", it.updated_at_ms).may("visibility", it.visibility);
    io.may("type", it.type).may("deleted", it.deleted).may("conflict", it.conflict);
    io.may("used", it.used).may("reason", it.reason);
}
void fields(auto& io, Of<Explain::Reply> auto& it) {
    io.must("layers", it.layers).may("exported", it.exported).may("reason", it.reason);
}

void fields(auto& io, Of<History> auto& it) {
    io.must("key", it.key).may("scope", it.scope).may("values", it.values);
    io.may("after", it.after);
    fields(io, it.scoping);
}
void fields(auto& io, Of<History::Entry> auto& it) {
    io.must("number", it.number).must("state", it.state).must("version", it.version);
    io.may("updated_by", it.updated_by).may("updated_at_ms", it.updated_at_ms);
    io.may("visibility", it.visibility).may("type", it.type).may("deleted", it.deleted);
    io.may("value", it.value);
}
void fields(auto& io, Of<History::Reply> auto& it) {
    io.must("scope", it.scope).must("entries", it.entries).may("next", it.next);
}
void fields(auto& io, Of<Rollback> auto& it) {
    io.must("key", it.key).may("scope", it.scope).must("to", it.to).may("settles", it.settles);
    fields(io, it.scoping);
}

} // namespace envmesh::api
