// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_interfaces.h"

#include <array>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace envmesh::platform {
namespace {

constexpr unsigned asked_flags = IFF_UP | IFF_MULTICAST | IFF_LOOPBACK | IFF_POINTOPOINT;

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

std::vector<OwnAddress> own_addresses() {
    std::vector<OwnAddress> found;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) return found;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || (one->ifa_flags & asked_flags) != (IFF_UP | IFF_MULTICAST))
            continue;
        const int family = one->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        const void* const bytes =
            family == AF_INET
                ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(one->ifa_addr)->sin_addr)
                : &reinterpret_cast<sockaddr_in6*>(one->ifa_addr)->sin6_addr;
        std::array<char, INET6_ADDRSTRLEN> text{};
        ::inet_ntop(family, bytes, text.data(), text.size());
        found.push_back({static_cast<int>(::if_nametoindex(one->ifa_name)), text.data()});
    }
    ::freeifaddrs(all);
    return found;
}

int interface_number(const std::string& name) {
    return static_cast<int>(::if_nametoindex(name.c_str()));
}

std::string interface_name(int interface) {
    std::array<char, IF_NAMESIZE> name{};
    const char* const found = ::if_indextoname(static_cast<unsigned>(interface), name.data());
    return found == nullptr ? "" : found;
}

} // namespace envmesh::platform
