// SPDX-License-Identifier: MIT
#include "core/sync/variable.h"

#include "core/base/codec.h"

#include <algorithm>

namespace envmesh::sync {
namespace {

constexpr std::size_t most_tags = 16;
constexpr std::size_t most_tag_bytes = 4096;
constexpr std::uint8_t type_tag = 1;
constexpr std::uint8_t injection_tag = 2;
constexpr std::string_view profile_prefix = "profile/";
constexpr std::string_view device_prefix = "device/";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_profile_name(std::string_view name) {
    return !name.empty() && (is_letter(name[0]) || is_digit(name[0])) &&
           std::ranges::all_of(name, [](char c) {
               return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
           });
}

bool is_device_id(std::string_view digits) {
    const auto bytes = from_hex(digits);
    return bytes && bytes->size() == DeviceId{}.size();
}

Bytes encode_tags(const std::vector<Tag>& tags) {
    Writer out;
    for (const Tag& tag : tags)
        out.u8(tag.kind).run16(tag.value);
    return std::move(out).bytes();
}

bool decode_tags(View bytes, std::vector<Tag>& tags) {
    Reader in(bytes);
    while (in.ok() && !in.rest().empty() && tags.size() <= most_tags) {
        Tag tag{.kind = in.u8(), .value = to_bytes(in.run16())};
        if (tag.value.size() > most_tag_bytes) return false;
        tags.push_back(std::move(tag));
    }
    return in.at_end() && tags.size() <= most_tags;
}

/// A3: sorted, no duplicate, and nothing as late as the change itself.
bool decode_context(Reader& in, const Dot& own, Context& context) {
    const std::uint16_t size = in.u16();
    if (size > most_context) return false;
    for (std::size_t i = 0; i < size && in.ok(); ++i) {
        const Dot dot{.device = in.block<16>(), .hlc = in.u64()};
        if (dot.hlc == 0 || dot.hlc >= own.hlc) return false;
        if (!context.empty() && context.back().device >= dot.device) return false;
        context.push_back(dot);
    }
    return true;
}

bool is_padding(View rest) {
    return std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; });
}

std::uint8_t* copy(View from, std::uint8_t* to) { return std::ranges::copy(from, to).out; }

} // namespace

std::string_view visibility_name(Visibility visibility) {
    switch (visibility) {
    case Visibility::shell: return "shell";
    case Visibility::run: return "run";
    case Visibility::get: return "get";
    }
    return "";
}

bool is_valid_name(std::string_view name) {
    return !name.empty() && name.size() <= most_name && !is_digit(name[0]) &&
           std::ranges::all_of(name,
                               [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string_view type_name(Type type) {
    switch (type) {
    case Type::path: return "path";
    case Type::path_append: return "path-append";
    case Type::string: break;
    }
    return "string";
}

Type type_of(const std::vector<Tag>& tags) {
    const auto tag = std::ranges::find(tags, type_tag, &Tag::kind);
    if (tag == tags.end() || tag->value.size() != 1) return Type::string;
    const std::uint8_t type = tag->value.front(); // one of a newer version is a string to us
    return type > static_cast<std::uint8_t>(Type::path_append) ? Type::string
                                                               : static_cast<Type>(type);
}

void put_type(std::vector<Tag>& tags, Type type) {
    std::erase_if(tags, [](const Tag& tag) { return tag.kind == type_tag; });
    if (type != Type::string)
        tags.insert(tags.begin(), Tag{type_tag, {static_cast<std::uint8_t>(type)}});
}

bool is_injected(const std::vector<Tag>& tags) {
    return std::ranges::find(tags, injection_tag, &Tag::kind) != tags.end();
}

void put_injection(std::vector<Tag>& tags, Injection injection) {
    std::erase_if(tags, [](const Tag& tag) { return tag.kind == injection_tag; });
    if (injection == Injection::yes) tags.push_back(Tag{injection_tag, {}});
}

bool is_valid_scope(std::string_view scope) {
    if (scope == "shared") return true;
    if (scope.size() > most_scope) return false;
    if (scope.starts_with(profile_prefix))
        return is_profile_name(scope.substr(profile_prefix.size()));
    return scope.starts_with(device_prefix) && is_device_id(scope.substr(device_prefix.size()));
}

Result<> check_value(std::string_view name, View value) {
    if (value.size() > most_value)
        return fail(Code::invalid,
                    "The value of " + std::string(name) + " has " + std::to_string(value.size()) +
                        " bytes; a shell can take " + std::to_string(most_value) + ".",
                    "Keep it in a file and store the path.");
    if (std::ranges::find(value, 0) != value.end())
        return fail(Code::invalid,
                    "The value of " + std::string(name) +
                        " contains a NUL byte, which no environment can hold.",
                    "Store it as base64.");
    return {};
}

std::size_t bucket(std::size_t size) {
    constexpr std::size_t coarse = 4096;
    for (std::size_t fine = 256; fine < coarse; fine *= 2)
        if (size <= fine) return fine;
    return (size + coarse - 1) / coarse * coarse;
}

Secret encode(const Variable& variable, std::size_t least_bucket) {
    Writer head;
    head.u8(static_cast<std::uint8_t>(variable.kind));
    head.u8(static_cast<std::uint8_t>(variable.visibility));
    head.run32(encode_tags(variable.tags));
    head.run8(view(variable.scope)).run8(view(variable.name));
    head.u32(static_cast<std::uint32_t>(variable.value.size()));
    Writer tail;
    tail.u16(static_cast<std::uint16_t>(variable.context.size()));
    for (const Dot& dot : variable.context)
        tail.raw(dot.device).u64(dot.hlc);
    // The value goes straight into memory that wipes itself.
    const std::size_t size = head.size() + variable.value.size() + tail.size();
    Secret out(std::max(bucket(size), bucket(least_bucket)));
    std::uint8_t* end = copy(head.bytes(), out.writable().data());
    end = copy(tail.bytes(), copy(variable.value.reveal(), end));
    std::fill(end, out.writable().data() + out.size(), std::uint8_t{0});
    return out;
}

Result<Variable> decode(View plaintext, const Dot& own) {
    Reader in(plaintext);
    const std::uint8_t kind = in.u8();
    const std::uint8_t visibility = in.u8();
    Variable out;
    const bool tags = decode_tags(in.run32(), out.tags);
    out.scope = text(in.run8());
    out.name = text(in.run8());
    out.value = Secret(in.run32());
    const bool context = decode_context(in, own, out.context);
    const bool form = in.ok() && tags && context && kind <= 1 && visibility <= 2 &&
                      bucket(plaintext.size()) == plaintext.size() && is_padding(in.rest());
    if (!form || !is_valid_name(out.name) || !is_valid_scope(out.scope))
        return fail(Code::invalid, "A change does not have the form of a variable.");
    out.kind = static_cast<Kind>(kind);
    out.visibility = static_cast<Visibility>(visibility);
    if (out.kind == Kind::tombstone && !out.value.empty())
        return fail(Code::invalid, "A deletion carries a value.");
    if (auto checked = check_value(out.name, out.value.reveal()); !checked)
        return std::unexpected(checked.error());
    return out;
}

} // namespace envmesh::sync
