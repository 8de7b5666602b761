// SPDX-License-Identifier: MIT
// The local network as a node sees it: who says that it serves there, and what we say. Hearsay, all
// of it: whoever answers at an address proves who it is. The daemon joins this to the platform's
// discovery; tests bring their own.
#pragma once

#include "core/mesh/beacon.h"

#include <functional>
#include <string>
#include <vector>

namespace envmesh::node {

struct Sighting {
    std::string instance; // one server on the network, however many addresses it has
    std::vector<std::string> addresses;
    std::uint16_t port = 0;
    mesh::BeaconText text;
};

class Vicinity {
  public:
    /// On the owner's thread. Our own announcement is not told.
    struct Hooks {
        std::function<void(Sighting)> found; // or changed
        std::function<void(const std::string& instance)> lost;
    };
    virtual ~Vicinity() = default;
    /// From now on, until `leave`.
    virtual void watch(Hooks hooks) = 0;
    /// Replaces what was announced before.
    virtual void announce(std::uint16_t port, mesh::BeaconText text) = 0;
    virtual void withdraw() = 0;
    /// No hook runs afterwards, and nothing is announced.
    virtual void leave() = 0;
};

} // namespace envmesh::node
