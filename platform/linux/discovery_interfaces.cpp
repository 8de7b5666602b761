// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_interfaces.h"

#include <array>

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

namespace envmesh::platform {
namespace {

struct Row {
    Discovery::Interface interface;
    unsigned flags = 0;
};

std::map<std::string, Row> rows() {
    std::map<std::string, Row> found;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return found;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        auto& row = found[one->ifa_name];
        row.flags = one->ifa_flags;
        const int family = one->ifa_addr == nullptr ? AF_UNSPEC : one->ifa_addr->sa_family;
        row.interface.ipv4 |= family == AF_INET;
        row.interface.ipv6 |= family == AF_INET6;
    }
    ::freeifaddrs(all);
    return found;
}

// The order of Avahi's own questions.
std::string state_of(const Row& row) {
    if ((row.flags & IFF_UP) == 0) return "down";
    if ((row.flags & IFF_POINTOPOINT) != 0) return "point to point";
    if ((row.flags & IFF_MULTICAST) == 0) return "no multicast";
    if (!row.interface.ipv4 && !row.interface.ipv6) return "no address";
    return "in use";
}

} // namespace

std::vector<Discovery::Interface> interfaces() {
    std::vector<Discovery::Interface> all;
    for (auto& [name, row] : rows()) {
        if ((row.flags & IFF_LOOPBACK) != 0) continue;
        row.interface.name = name;
        row.interface.state = state_of(row);
        all.push_back(std::move(row.interface));
    }
    return all;
}

std::string interface_name(int interface) {
    std::array<char, IF_NAMESIZE> name{};
    const char* const found = ::if_indextoname(static_cast<unsigned>(interface), name.data());
    return found == nullptr ? "" : found;
}

} // namespace envmesh::platform
