// SPDX-License-Identifier: MIT
// What has to change in a shell that follows EnvMesh, and what must stay. Of a person's own change
// and ours the later one counts: what a person changed is neither set again nor undone, until it
// gets a new value. Pure: the environment comes from outside.
//
// The marks travel in one exported variable, so that a shell started from this one can undo too.
// Interrupted anywhere, the next run completes the work: marks are written after what they tell of.
#pragma once

#include "core/base/secret.h"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace envmesh::cli {

inline constexpr auto marks_variable = "ENVMESH_STATE";
inline constexpr std::size_t most_marks_bytes = 96 * 1024; // a variable may have 128 KiB
inline constexpr std::size_t most_before_bytes = 4 * 1024; // as base64, of all marks together

/// Whether a value replaces what is there, or joins it as one more part of a colon list.
enum class Mode { replace, prepend, append };
/// Of a variable's type: "path" and "path-append" join.
Mode mode_of(std::string_view type);

struct Wanted {
    std::string_view name;
    View value;
    Mode mode = Mode::replace;
};

/// What we did to one variable.
struct Mark {
    Mode mode = Mode::replace;
    std::uint64_t hash = 0;       // replace: of the value that we set
    std::optional<Secret> before; // what was there; of prepend and append only when it was empty
    std::string part;             // prepend, append: what was added
};
using Marks = std::map<std::string, Mark, std::less<>>;

/// The variable as it is here; the text lives as long as the environment does.
using Environment = std::function<std::optional<std::string_view>(const std::string&)>;

struct Changes {
    struct Item {
        std::string name;
        std::optional<Secret> value; // nothing: it is to be unset
    };
    std::vector<Item> items; // only what differs from what is there
    Marks marks;
};

Changes changes(const std::vector<Wanted>& wanted, Marks marks, const Environment& environment);

/// 16 digits that tell whether a text is still the same. They guard against nobody.
std::string fingerprint(std::string_view text);

/// Nothing that is not exactly what `to_text` wrote becomes a mark: hostile or cut text is no
/// marks, and names that may never be exported have none.
Marks marks_from(std::string_view text);
/// Takes out the marks that have no room: those are never undone. Empty when there are none.
struct MarksText {
    std::string text;
    std::size_t left_out = 0;
};
MarksText to_text(const Marks& marks);

} // namespace envmesh::cli
