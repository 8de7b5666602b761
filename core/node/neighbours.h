// SPDX-License-Identifier: MIT
// Links to the servers of the local network that belong to our mesh, to all that are seen: data
// goes by every one, so nothing waits while a role changes hands. A server proves that it is a
// current member before it is told anything. Bounded: 256 sightings are kept and 6 links tried at a
// time; who does not prove itself makes room for the next after 15 s and is tried again in turn.
#pragma once

#include "core/node/uplink.h"
#include "core/node/vicinity.h"

namespace envmesh::node {

class Neighbours {
  public:
    struct Hooks {
        /// Changes came by this link.
        std::function<void(const sync::Delta&, const Uplink& from)> applied;
        std::function<void()> changed; // one came up or was lost, or made progress
    };
    Neighbours(Context& context, Member& member, Hooks hooks);

    void found(Sighting sighting);
    void lost(const std::string& instance);
    /// Now and then, and when the network has changed: makes room, and tries who waits.
    void look();
    /// All of them now, instead of after their pauses.
    void wake();
    /// Ends all; `join` returns when they have ended.
    void stop();
    Task<> join();

    void pass_on(const sync::Delta& delta, const Uplink* except = nullptr);
    void resync();
    /// Those that have proved who they are.
    [[nodiscard]] std::vector<const Uplink*> connected() const;
    /// The lowest id among them.
    [[nodiscard]] std::optional<crypto::DeviceId> lowest() const;

  private:
    struct Neighbour {
        Sighting sighting;
        bool announced = true;
        std::size_t next_address = 0;
        std::int64_t tried_ms = 0; // since when there is an uplink, or when it was given up
        std::unique_ptr<Uplink> uplink;
        bool ending = false;
    };
    using List = std::list<Neighbour>;

    List::iterator find(const std::string& instance);
    void begin(Neighbour& neighbour);
    Task<> keep(List::iterator neighbour);
    Result<Uplink::Target> target(Neighbour& neighbour) const;
    [[nodiscard]] std::size_t tried() const;

    Context& context_;
    Member& member_;
    Hooks hooks_;
    List list_; // who waited longest first
    bool stopping_ = false;
    TaskGroup tasks_;
};

} // namespace envmesh::node
