// SPDX-License-Identifier: MIT
// What an envelope seals: a variable (or its deletion) with the causal context of the write
// (protocol §2.6, S3). Canonical: one value has one encoding, zero-padded to 256, 512, 1k, 2k, 4k,
// then multiples of 4 KiB, so that a size says little; a tombstone takes the bucket of what it
// covers (A7).
#pragma once

#include "core/base/error.h"
#include "core/sync/hlc.h"

#include <string>
#include <vector>

namespace envmesh::sync {

inline constexpr std::size_t most_name = 255;
inline constexpr std::size_t most_value = 130'048;
inline constexpr std::size_t most_scope = 64;
inline constexpr std::size_t most_context = 256;

enum class Kind : std::uint8_t { set = 0, tombstone = 1 };
/// shell: export, hook, injection, run, get. run: `run` and `get`. get: `get` alone.
enum class Visibility : std::uint8_t { shell = 0, run = 1, get = 2 };
std::string_view visibility_name(Visibility visibility);

struct Dot {
    DeviceId device{};
    Hlc hlc = 0;
    auto operator<=>(const Dot&) const = default;
};
/// Per device the newest hlc of this variable that the writer had seen; sorted by device, no
/// duplicates.
using Context = std::vector<Dot>;

/// What a value is to a shell. path: its elements are put before those of the variable there;
/// path_append: after them.
enum class Type : std::uint8_t { string = 0, path = 1, path_append = 2 };
std::string_view type_name(Type type); // "string", "path", "path-append"

/// Kind 1 is the type, of one byte, absent for a string. Kind 2, empty, says that programs which no
/// shell starts are to get it too. Kept byte for byte where unknown.
struct Tag {
    std::uint8_t kind = 0;
    Bytes value; // at most 4096 bytes
    bool operator==(const Tag&) const = default;
};

struct Variable {
    Kind kind = Kind::set;
    Visibility visibility = Visibility::shell;
    std::string scope = "shared"; // "shared", "profile/<name>", "device/<32 hex digits>"
    std::string name;             // [A-Za-z_][A-Za-z0-9_]{0,254}
    Secret value;                 // no NUL, at most most_value bytes; empty for a tombstone
    Context context;
    std::vector<Tag> tags; // at most 16
};

Type type_of(const std::vector<Tag>& tags);
void put_type(std::vector<Tag>& tags, Type type);
bool is_injected(const std::vector<Tag>& tags);
enum class Injection : std::uint8_t { no, yes };
void put_injection(std::vector<Tag>& tags, Injection injection);

bool is_valid_name(std::string_view name);
bool is_valid_scope(std::string_view scope);
/// `invalid` (exit 65), naming the variable and the limit.
Result<> check_value(std::string_view name, View value);

/// The padded size that a plaintext of `size` bytes gets.
std::size_t bucket(std::size_t size);
/// Padded to at least `least_bucket`.
Secret encode(const Variable& variable, std::size_t least_bucket = 0);
/// `invalid` for anything that `encode` would not have produced, ctx rules of A3 (against `own`)
/// included.
Result<Variable> decode(View plaintext, const Dot& own);

} // namespace envmesh::sync
