// SPDX-License-Identifier: MIT
// Our servers on the local network: DNS-SD over multicast DNS (RFC 6762, RFC 6763), type
// _envmesh._tcp in .local, IPv4 and IPv6, on every interface but loopback. Nothing here is proof of
// anything: what is found is what a stranger said, cut to the limits below.
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace envmesh::platform {

/// Names are 1 to 63 printable ASCII characters. Keys have 1 to 9 of those, no '=' and no upper
/// case (RFC 6763 §6.4: a key's case means nothing); values are printable too, "key=value" has at
/// most 255 bytes and all of them together 1,300 (§6.1, §6.2).
struct Service {
    std::string instance;
    std::uint16_t port = 0;
    std::map<std::string, std::string> text;
};

struct FoundService {
    std::string instance;
    std::vector<std::string> addresses; ///< at most 8; a link-local IPv6 address with %interface
    std::uint16_t port = 0;
    std::map<std::string, std::string> text;

    bool operator==(const FoundService&) const = default;
};

class Discovery {
  public:
    /// Called on a thread of its own, one at a time. They post elsewhere and return: a call of
    /// Discovery from inside a hook would wait for itself. Our own service is not told.
    struct Hooks {
        /// A service came or changed, with all that is known of it on all interfaces.
        std::function<void(FoundService)> found;
        std::function<void(const std::string& instance)> lost;
    };
    struct Interface {
        std::string name;
        bool ipv4 = false; ///< has an address
        bool ipv6 = false;
        std::string state;        ///< "in use", or why it is not
        std::size_t services = 0; ///< that were found there
    };
    struct State {
        std::string responder; ///< "avahi-daemon", "built in", or the reason why there is none
        std::string announced; ///< the name in use, which may differ from the one asked for
        std::vector<Interface> interfaces;
        std::size_t services = 0;
    };

    /// Fails only where no thread can be had. Everything later is tried again until it works, with
    /// pauses of 1 to 64 seconds: no network, no responder, avahi-daemon coming and going.
    static Result<std::unique_ptr<Discovery>> start(Hooks hooks);
    /// Says goodbye (RFC 6762 §10.1); no hook runs afterwards.
    virtual ~Discovery() = default;

    /// Replaces the previous service. `invalid` when it breaks a limit above; where the name is
    /// taken (§9) it gets a random suffix.
    virtual Result<> announce(Service service) = 0;
    virtual void withdraw() = 0;
    /// Asks again now, rather than when it is time to.
    virtual void search() = 0;
    virtual State state() const = 0;
};

} // namespace envmesh::platform
