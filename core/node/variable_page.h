// SPDX-License-Identifier: MIT
// What the files of Variables share: how versions and names are told, and how large a page is.
#pragma once

#include "core/base/codec.h"
#include "core/sync/change.h"

namespace envmesh::node {

inline constexpr std::size_t most_page_bytes = 384 * 1024; // JSON's quoting stays below 512 KiB

/// Names one change among all devices; its order as text is its order in time.
inline std::string version_of(const sync::Dot& dot) {
    return hex(Writer().u64(dot.hlc).bytes()) + '.' + hex(dot.device).substr(0, 8);
}

inline std::unexpected<Error> no_variable(std::string_view key) {
    return fail(Code::not_found, "there is no variable named " + std::string(key),
                "`envmesh-cli list` shows the names there are");
}

inline sync::Change deletion_of(const sync::Reading& reading) {
    return {reading.variable.scope, reading.variable.name,       Secret(),
            sync::Kind::tombstone,  reading.variable.visibility, {}};
}

inline Result<> check_name(std::string_view key) {
    if (sync::is_valid_name(key)) return {};
    return fail(Code::invalid,
                "a variable's name is a letter or _ and then at most 254 letters, digits or _",
                "choose another name");
}

} // namespace envmesh::node
