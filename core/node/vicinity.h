// SPDX-License-Identifier: MIT
// The local network as a node sees it: who says that it serves there, and what we say. Hearsay, all
// of it: whoever answers at an address proves who it is. The daemon joins this to the platform's
// discovery and to broadcast; tests bring their own.
#pragma once

#include "core/base/task.h"
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
    std::string way; // how it was found: "mdns", "broadcast", both, or "configured"
};

/// What was asked on the local network, and what came back.
struct Survey {
    struct Interface {
        std::string name;
        std::string mdns, broadcast; // what was sent, or why nothing was
        std::size_t heard = 0;       // answers, of any mesh
    };
    std::string responder; // who speaks mDNS for us, or why nobody does
    std::string announced; // our name there; empty: nothing is announced
    std::vector<Interface> interfaces;
    std::vector<Sighting> seen; // of any mesh
};

class Vicinity {
  public:
    /// On the owner's thread. Our own announcement is not told.
    struct Hooks {
        std::function<void(Sighting)> found; // or changed
        std::function<void(const std::string& instance)> lost;
    };
    virtual ~Vicinity() = default;
    /// From now on, until `leave` or another `watch`. Tells first what is known.
    virtual void watch(Hooks hooks) = 0;
    /// Replaces what was announced before.
    virtual void announce(std::uint16_t port, mesh::BeaconText text) = 0;
    virtual void withdraw() = 0;
    /// Asks now who serves, rather than waiting to hear it. Tells again what is known: whether it
    /// is ours depends on the day.
    virtual void seek() = 0;
    /// Since the last `seek`.
    virtual Task<Survey> survey() = 0;
    /// No hook runs afterwards, and nothing is announced.
    virtual void leave() = 0;
};

} // namespace envmesh::node
