// SPDX-License-Identifier: MIT
// Avahi's two programming interfaces behind one: in process (libavahi-core) and through
// avahi-daemon (libavahi-client), which is used while it answers on the system bus. Every call is
// made on the poll's thread or under its lock. In process it shares port 5353 with others, and so
// publishes no way back from address to name, of which there can be only one; the host is called
// `envmesh-` and 8 random hex digits there. Avahi's libraries, since probing, conflicts, caches and
// goodbyes are many rules; seen to work with avahi-browse, avahi-publish and python3-zeroconf.
#pragma once

#include "platform/linux/discovery_catalogue.h"

#include <avahi-client/client.h>
#include <avahi-core/core.h>

namespace envmesh::platform {

class Responder {
  public:
    enum class News { published, name_taken, failed };
    using Listener = std::function<void(News)>; // called from within Avahi: must not call back

    static constexpr std::size_t most_lookups = 64;

    virtual ~Responder() = default;
    /// From the beginning: what is gone is forgotten, the rest is looked up again.
    virtual void browse() = 0;
    virtual void publish(const Service& service) = 0;
    virtual void withdraw() = 0;
};

/// `server` or `client`, the catalogue and what the listener uses outlive the responder.
std::unique_ptr<Responder> make_responder(AvahiServer* server, Catalogue& catalogue,
                                          Responder::Listener listener);
std::unique_ptr<Responder> make_responder(AvahiClient* client, Catalogue& catalogue,
                                          Responder::Listener listener);

} // namespace envmesh::platform
