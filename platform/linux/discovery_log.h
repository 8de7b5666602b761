// SPDX-License-Identifier: MIT
// Avahi's own messages, most of which a stranger can provoke: a line in ten seconds at most, to our
// log, without addresses.
#pragma once

#include <string>
#include <string_view>

namespace envmesh::platform {

void route_avahi_log();
/// Every word that looks like an address becomes "(address)".
std::string without_addresses(std::string_view line);

} // namespace envmesh::platform
