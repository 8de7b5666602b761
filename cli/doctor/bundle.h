// SPDX-License-Identifier: MIT
// A report that a person can give to a stranger: it names no variable, value, machine, person,
// folder or address. It is made of our own words, of numbers, and of words that we know.
#pragma once

#include "cli/doctor/facts.h"

namespace envmesh::cli::diagnosis {

std::string bundle(const Facts& facts, const Findings& findings);
/// With mode 0600, whole or not at all. `invalid` when something else than a file is there.
Result<> write_bundle(const std::filesystem::path& file, const std::string& text);

std::string state_name(State state);

} // namespace envmesh::cli::diagnosis
