// SPDX-License-Identifier: MIT
// Which names may reach a shell (design: shell.md §4.3). The one place that decides; set, export
// and every other way out ask here.
#pragma once

#include <string_view>

namespace envmesh::node {

enum class NameClass {
    never, // A: loader, shell internals, our own surroundings: stored only when forced, then `get`
           // alone
    approval, // B: changes what code runs or whom it trusts: what this device wrote itself, or a
              // person approved here
    free,     // C: everything else
};

NameClass classify(std::string_view name);

} // namespace envmesh::node
