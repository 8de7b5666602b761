// SPDX-License-Identifier: MIT
#include "core/crypto/vault.h"

#include "core/base/codec.h"
#include "core/crypto/hash.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <set>

namespace envmesh::crypto {
namespace {

using Json = nlohmann::json;

constexpr unsigned version = 1;
constexpr int most_depth = 8; // we write 4
constexpr std::size_t sealed_size = Key::size + tag_size;

constexpr const char* restore_fix =
    "Restore vault.keys from a backup, or join the mesh again as a new device.";

std::unexpected<Error> damaged(std::string_view cause) {
    return fail(Code::corrupt, "The file vault.keys is damaged: " + std::string(cause) + ".",
                restore_fix);
}

struct KindName {
    SlotKind kind;
    std::string_view name;
};
constexpr std::array<KindName, 3> kinds{
    {{SlotKind::password, "password"}, {SlotKind::keychain, "keychain"}, {SlotKind::file, "file"}}};

/// The tree; discarded when the text is not JSON, names a key twice (where the library would let
/// the last win) or nests deeper than any version will.
Json parse_strictly(std::string_view text) {
    constexpr auto refused = Json::value_t::discarded;
    if (text.find('\0') != std::string_view::npos) return refused; // ends the library's input
    bool strict = true;
    std::vector<std::set<std::string>> open_objects;
    const auto inspect = [&](int depth, Json::parse_event_t event, const Json& value) {
        if (depth > most_depth) strict = false;
        if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
        if (event == Json::parse_event_t::object_end) open_objects.pop_back();
        if (event == Json::parse_event_t::key)
            strict &= open_objects.back().insert(value.get_ref<const std::string&>()).second;
        return true;
    };
    Json out = Json::parse(text, inspect, false);
    if (!strict) return refused;
    return out;
}

std::optional<std::string> string_of(const Json& object, const char* name) {
    const auto field = object.find(name);
    if (field == object.end() || !field->is_string()) return std::nullopt;
    return field->get_ref<const std::string&>();
}

std::optional<std::uint32_t> number_of(const Json& object, const char* name) {
    const auto field = object.find(name);
    if (field == object.end() || !field->is_number_unsigned()) return std::nullopt;
    const auto number = field->get<std::uint64_t>();
    if (number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(number);
}

template <std::size_t N>
std::optional<Block<N>> block_of(const Json& object, const char* name) {
    const auto digits = string_of(object, name);
    if (!digits || digits->size() != 2 * N) return std::nullopt;
    const auto bytes = from_hex(*digits);
    if (!bytes) return std::nullopt;
    return block<N>(*bytes);
}

std::optional<Argon2> argon2_of(const Json& slot) {
    const auto field = slot.find("argon2");
    if (field == slot.end() || !field->is_object() || field->size() != 3) return std::nullopt;
    const auto passes = number_of(*field, "passes");
    const auto memory_kib = number_of(*field, "memory_kib");
    const auto salt = block_of<16>(*field, "salt");
    if (!passes || !memory_kib || !salt) return std::nullopt;
    return Argon2{*passes, *memory_kib, *salt};
}

std::optional<SlotKind> kind_of(const Json& slot) {
    const auto name = string_of(slot, "kind");
    const auto found = std::ranges::find(kinds, name.value_or(""), &KindName::name);
    if (found == kinds.end()) return std::nullopt;
    return found->kind;
}

std::optional<Slot> slot_of(const Json& field) {
    if (!field.is_object()) return std::nullopt;
    const auto kind = kind_of(field);
    const auto id = block_of<16>(field, "id");
    const auto nonce = block_of<24>(field, "nonce");
    const auto sealed = block_of<sealed_size>(field, "sealed");
    if (!kind || !id || !nonce || !sealed) return std::nullopt;
    const bool has_password = *kind == SlotKind::password;
    const auto argon2 = argon2_of(field);
    if (argon2.has_value() != has_password || field.size() != (has_password ? 5U : 4U))
        return std::nullopt;
    return Slot{*kind, *id, argon2, *nonce, to_bytes(*sealed)};
}

Json json_of(const Slot& slot) {
    const auto name = std::ranges::find(kinds, slot.kind, &KindName::kind)->name;
    Json out{{"kind", name},
             {"id", hex(slot.id)},
             {"nonce", hex(slot.nonce)},
             {"sealed", hex(slot.sealed)}};
    if (slot.argon2)
        out["argon2"] = {{"passes", slot.argon2->passes},
                         {"memory_kib", slot.argon2->memory_kib},
                         {"salt", hex(slot.argon2->salt)}};
    return out;
}

/// What is bound to the sealed key: nobody can lower the cost or swap the slot's kind.
Bytes header(const Slot& slot) {
    Writer out;
    out.raw(view("EnvMesh slot v1")).u8(static_cast<std::uint8_t>(slot.kind)).raw(slot.id);
    if (slot.argon2)
        out.u32(slot.argon2->passes).u32(slot.argon2->memory_kib).raw(slot.argon2->salt);
    return std::move(out).bytes();
}

// XAES here as well, although a nonce would hardly repeat: the product has one AEAD.
Slot make_slot(SlotKind kind, std::optional<Argon2> argon2, const Key& vault_key, const Key& kek,
               Random& random) {
    Slot out;
    out.kind = kind;
    out.argon2 = argon2;
    random.fill(out.id);
    random.fill(out.nonce);
    out.sealed = xaes_seal(kek, out.nonce, header(out), vault_key.reveal());
    return out;
}

std::optional<Key> open_slot(const Slot& slot, const Key& kek) {
    const auto vault_key = xaes_open(kek, slot.nonce, header(slot), slot.sealed);
    if (!vault_key || vault_key->size() != Key::size) return std::nullopt;
    return Key(vault_key->reveal());
}

} // namespace

Result<Vault> Vault::parse(std::string_view json) {
    if (json.size() > most_bytes) return damaged("it is larger than 16 KiB");
    const Json tree = parse_strictly(json);
    if (!tree.is_object()) return damaged("it is not the JSON that EnvMesh writes");
    const auto found = number_of(tree, "version");
    if (!found || *found == 0) return damaged("it has no version");
    if (*found > version)
        return fail(Code::too_new,
                    "The file vault.keys was written by a newer EnvMesh (version " +
                        std::to_string(*found) + " of the file).",
                    "Update EnvMesh on this machine.");
    const auto list = tree.find("slots");
    if (tree.size() != 2 || list == tree.end() || !list->is_array() || list->empty())
        return damaged("it has no list of slots, or something besides");
    if (list->size() > most_slots) return damaged("it has more than 8 slots");
    Vault out;
    for (const Json& field : *list) {
        auto slot = slot_of(field);
        if (!slot) return damaged("a slot is not of a form that this version knows");
        out.slots_.push_back(std::move(*slot));
    }
    return out;
}

std::string Vault::to_json() const {
    Json slots = Json::array();
    for (const Slot& slot : slots_)
        slots.push_back(json_of(slot));
    return Json{{"version", version}, {"slots", std::move(slots)}}.dump(2) + "\n";
}

Result<> Vault::check_room() const {
    if (slots_.size() < most_slots) return {};
    return fail(Code::invalid, "The vault has 8 ways to open it already, which is the most.",
                "Remove one of them first.");
}

Result<> Vault::add_password(const Key& vault_key, const Secret& password,
                             const Argon2Limits& limits, Random& random) {
    if (password.empty())
        return fail(Code::invalid, "An empty password protects nothing.", "Choose a password.");
    if (auto room = check_room(); !room) return room;
    const Argon2 parameters = new_argon2(limits, random);
    const auto kek = argon2id(password, parameters, limits);
    if (!kek) return std::unexpected(kek.error());
    slots_.push_back(make_slot(SlotKind::password, parameters, vault_key, *kek, random));
    return {};
}

Result<> Vault::add_key(SlotKind kind, const Key& vault_key, const Key& kek, Random& random) {
    if (kind == SlotKind::password)
        return fail(Code::invalid, "A password slot is made from a password, not from a key.",
                    "Give the password.");
    if (auto room = check_room(); !room) return room;
    slots_.push_back(make_slot(kind, std::nullopt, vault_key, kek, random));
    return {};
}

const Slot* Vault::find(SlotKind kind) const {
    const auto found = std::ranges::find(slots_, kind, &Slot::kind);
    return found == slots_.end() ? nullptr : &*found;
}

void Vault::remove_keys(SlotKind kind) {
    if (kind == SlotKind::password) return;
    std::erase_if(slots_, [kind](const Slot& slot) { return slot.kind == kind; });
}

Result<Key> Vault::open_password(const Secret& password, const Argon2Limits& limits) const {
    std::optional<Error> fault; // of a slot that could not be tried: told if no other one opens
    for (const Slot& slot : slots_) {
        if (slot.kind != SlotKind::password) continue;
        const auto kek = argon2id(password, *slot.argon2, limits);
        if (!kek) {
            fault = kek.error();
            continue;
        }
        if (auto vault_key = open_slot(slot, *kek)) return std::move(*vault_key);
    }
    if (fault) return std::unexpected(*std::move(fault));
    return fail(Code::wrong_secret, "The password does not open the vault on this machine.",
                "Check the password and try again.");
}

Result<Key> Vault::open_key(SlotKind kind, const Key& kek) const {
    for (const Slot& slot : slots_) {
        if (slot.kind != kind) continue;
        if (auto vault_key = open_slot(slot, kek)) return std::move(*vault_key);
    }
    const bool from_file = kind == SlotKind::file;
    return fail(Code::wrong_secret,
                std::string(from_file ? "The key file" : "The key in the system's keychain") +
                    " does not open the vault on this machine.",
                from_file ? "Put the vault.key that was made with this vault in its place."
                          : "Unlock the vault with the password.");
}

Key database_key(const Key& vault_key) { return derive(vault_key, "EnvMesh db v1"); }

Key random_key(Random& random) {
    Key out;
    random.fill(out.writable());
    return out;
}

} // namespace envmesh::crypto
