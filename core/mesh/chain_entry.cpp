// SPDX-License-Identifier: MIT
#include "core/mesh/chain_entry.h"

#include "core/mesh/chain.h"

namespace envmesh::mesh {
namespace {

constexpr std::string_view label = "EnvMesh-member-v1";
constexpr std::uint8_t version = 1;
constexpr std::size_t signature_size = 64;
constexpr std::size_t least_sealed_name = 24 + 1 + 16;

void write(Writer& out, const AddBody& add) {
    out.raw(add.device.ed_pk).raw(add.device.x_pk).u8(static_cast<std::uint8_t>(add.role));
    out.run16(add.sealed_name).run16(add.wrap);
}

void write(Writer& out, const GenesisBody& genesis) {
    write(out, genesis.admin);
    out.raw(genesis.epoch_check);
}

void write(Writer& out, const RotateBody& rotate) {
    out.u16(static_cast<std::uint16_t>(rotate.wraps.size()));
    for (const auto& [device, wrap] : rotate.wraps)
        out.raw(device).run16(wrap);
    out.run16(rotate.previous_key).raw(rotate.epoch_check);
}

void write(Writer& out, const RemoveBody& remove) {
    out.raw(remove.device).u64(remove.until);
    write(out, remove.rotate);
}

void write(Writer& out, const RoleBody& role) {
    out.raw(role.device).u8(static_cast<std::uint8_t>(role.role)).u64(role.until);
}

bool read(Reader& in, Role& role) {
    const std::uint8_t value = in.u8();
    role = static_cast<Role>(value);
    return value >= static_cast<std::uint8_t>(Role::admin) &&
           value <= static_cast<std::uint8_t>(Role::server);
}

bool read(Reader& in, AddBody& add) {
    add.device.ed_pk = in.block<32>();
    add.device.x_pk = in.block<32>();
    if (!read(in, add.role)) return false;
    add.sealed_name = to_bytes(in.run16());
    add.wrap = to_bytes(in.run16());
    return add.sealed_name.size() >= least_sealed_name &&
           add.sealed_name.size() <= most_sealed_name &&
           add.wrap.size() == (add.role == Role::server ? 0 : wrap_size);
}

bool read(Reader& in, GenesisBody& genesis) {
    if (!read(in, genesis.admin)) return false;
    genesis.epoch_check = in.block<32>();
    return true;
}

bool read(Reader& in, RotateBody& rotate) {
    const std::size_t count = in.u16();
    if (count > Chain::most_members) return false;
    for (std::size_t i = 0; i < count; ++i) {
        const auto device = in.block<16>();
        if (i > 0 && device <= rotate.wraps.back().first) return false;
        rotate.wraps.emplace_back(device, to_bytes(in.run16()));
        if (rotate.wraps.back().second.size() != wrap_size) return false;
    }
    rotate.previous_key = to_bytes(in.run16());
    rotate.epoch_check = in.block<32>();
    return rotate.previous_key.size() == previous_key_size;
}

bool read(Reader& in, RemoveBody& remove) {
    remove.device = in.block<16>();
    remove.until = in.u64();
    return read(in, remove.rotate);
}

bool read(Reader& in, RoleBody& role) {
    role.device = in.block<16>();
    const bool known = read(in, role.role);
    role.until = in.u64();
    return known;
}

template <class T>
std::optional<Body> whole(View bytes) {
    Reader in(bytes);
    T body;
    if (!read(in, body) || !in.at_end()) return std::nullopt;
    return body;
}

/// The type byte is the alternative's place in Body, counted from 1.
std::optional<Body> read_body(std::uint8_t type, View bytes) {
    if (type == 1) return whole<GenesisBody>(bytes);
    if (type == 2) return whole<AddBody>(bytes);
    if (type == 3) return whole<RemoveBody>(bytes);
    if (type == 4) return whole<RoleBody>(bytes);
    if (type == 5) return whole<RotateBody>(bytes);
    return std::nullopt;
}

Bytes encode_unsigned(const Entry& entry) {
    Writer body;
    std::visit([&body](const auto& alternative) { write(body, alternative); }, entry.body);
    Writer out;
    out.u8(version).u8(static_cast<std::uint8_t>(entry.body.index() + 1)).u32(entry.height);
    out.raw(entry.prev).u64(entry.hlc).raw(entry.author).run32(body.bytes());
    return std::move(out).bytes();
}

View unsigned_bytes(const Entry& entry) {
    return View(entry.encoded).first(entry.encoded.size() - signature_size);
}

/// What the signature covers between the label and the entry: nothing yet has a mesh_id when the
/// genesis is signed.
View signed_mesh(const Entry& entry, const MeshId& mesh_id) {
    return std::holds_alternative<GenesisBody>(entry.body) ? View{} : View(mesh_id);
}

} // namespace

std::string_view role_name(Role role) {
    switch (role) {
    case Role::admin: return "admin";
    case Role::member: return "member";
    case Role::reader: return "reader";
    case Role::server: return "server";
    }
    return "unknown";
}

Hash Entry::hash() const { return crypto::hash256({encoded}); }

Entry sign_entry(Entry draft, const MeshId& mesh_id, const crypto::Identity& author) {
    draft.encoded = encode_unsigned(draft);
    draft.signature = author.sign(label, {signed_mesh(draft, mesh_id), draft.encoded});
    draft.encoded.insert(draft.encoded.end(), draft.signature.begin(), draft.signature.end());
    return draft;
}

Result<Entry> decode_entry(View encoded, std::uint32_t place) {
    if (encoded.size() > Chain::most_entry_bytes) return refuse_entry(place, "it is too large");
    Reader in(encoded);
    const std::uint8_t entry_version = in.u8();
    if (in.ok() && entry_version > version)
        return fail(Code::too_new,
                    "Entry " + std::to_string(place) +
                        " of the member chain was written by a newer version of EnvMesh.",
                    "Update EnvMesh on this machine.");
    const std::uint8_t type = in.u8();
    Entry entry;
    entry.height = in.u32();
    entry.prev = in.block<32>();
    entry.hlc = in.u64();
    entry.author = in.block<16>();
    auto body = read_body(type, in.run32());
    entry.signature = in.block<signature_size>();
    if (!body || entry_version != version || !in.at_end())
        return refuse_entry(place, "it is malformed");
    entry.body = std::move(*body);
    entry.encoded = to_bytes(encoded);
    return entry;
}

bool signature_holds(const Entry& entry, const MeshId& mesh_id, const crypto::PublicKey& ed_pk) {
    return crypto::verify(ed_pk, label, {signed_mesh(entry, mesh_id), unsigned_bytes(entry)},
                          entry.signature);
}

std::unexpected<Error> refuse_entry(std::uint32_t place, std::string_view why) {
    std::string message = "Entry " + std::to_string(place) + " of the member chain is refused: ";
    message += why;
    return fail(Code::corrupt, message + ".",
                "Synchronise with another device of the mesh; if it stays so, the device or "
                "server that gave this chain is faulty or hostile.");
}

Hash unsigned_hash(const Entry& entry) { return crypto::hash256({unsigned_bytes(entry)}); }

Epoch epoch_of(const Entry& entry) {
    const Hash hash = entry.hash();
    return Reader(hash).u32();
}

const RotateBody* rotation_of(const Entry& entry) {
    if (const auto* remove = std::get_if<RemoveBody>(&entry.body)) return &remove->rotate;
    return std::get_if<RotateBody>(&entry.body);
}

} // namespace envmesh::mesh
