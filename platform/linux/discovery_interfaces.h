// SPDX-License-Identifier: MIT
// The machine's network interfaces, as multicast DNS sees them.
#pragma once

#include "platform/discovery.h"

namespace envmesh::platform {

/// All but loopback.
std::vector<Discovery::Interface> interfaces();
/// An address of an interface (its index) in use.
struct OwnAddress {
    int interface = 0;
    std::string text;
    bool operator==(const OwnAddress&) const = default;
};
std::vector<OwnAddress> own_addresses();
/// Linux gives loopback this index in every network namespace.
constexpr int loopback = 1;
/// "eth0"; empty when it is gone.
std::string interface_name(int interface);
/// Its index; 0 when it is gone.
int interface_number(const std::string& name);

} // namespace envmesh::platform
