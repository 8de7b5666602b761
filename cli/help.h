// SPDX-License-Identifier: MIT
// What --help prints: at most 24 lines of 80 columns for the program, and for most of its verbs.
#pragma once

#include "cli/verb.h"

namespace envmesh::cli {

/// `path`: the words before it, such as "envmesh-cli profile use".
std::string help(const Verb& verb, const std::string& path);

/// "set [OPTIONS] ITEM...", without the path.
std::string usage(const Verb& verb);
/// "-P, --profile PROFILE"
std::string heading(const Switch& one);

} // namespace envmesh::cli
