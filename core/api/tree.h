// SPDX-License-Identifier: MIT
// JSON as it comes from a stranger and as it leaves: parsed without exceptions, at most 32 deep, no
// field twice (two readers could see two messages), and wiped when it goes, since it may hold a
// password or a value. Included by calls.cpp and decode.cpp only.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <memory>

#include <nlohmann/json_fwd.hpp>

namespace envmesh::api {

struct WipeAndDelete {
    void operator()(nlohmann::json* tree) const;
};
/// Always an object.
using Tree = std::unique_ptr<nlohmann::json, WipeAndDelete>;

Result<Tree> parse(View body);
/// The text of it, after which the tree is empty. A string that is not UTF-8 (a person can type
/// such a name) has U+FFFD in it, which the other side refuses as a name: nothing makes this fail.
Secret dump_and_wipe(nlohmann::json& tree);
/// `protocol`: what is wrong with a message, as part of a sentence.
std::unexpected<Error> refuse(const std::string& what);

} // namespace envmesh::api
