// SPDX-License-Identifier: MIT
// The networks of this machine, and news of them.
#pragma once

#include "core/base/error.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace envmesh::platform {

/// An IPv4 network that a broadcast reaches: not loopback, nor point to point.
struct Network {
    std::string interface;
    std::array<std::uint8_t, 4> address{}, mask{}, broadcast{};
};
/// Those that are up now.
std::vector<Network> networks();

/// Whether the address ("192.0.2.1", "fe80::1%eth0") is in a network of an interface that is up
/// now, loopback left out. Link-local ones are; what is no address is not.
bool is_on_link(const std::string& address);

/// Calls `changed` (on a thread of its own) whenever addresses or routes of this machine changed,
/// or it woke from sleep, until destroyed. Setting the clock looks like waking.
class NetworkWatch {
  public:
    virtual ~NetworkWatch() = default;
    static Result<std::unique_ptr<NetworkWatch>> start(std::function<void()> changed);
};

} // namespace envmesh::platform
