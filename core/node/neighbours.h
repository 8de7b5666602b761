// SPDX-License-Identifier: MIT
// Links to the servers of the local network that belong to our mesh, to all that are seen: data
// goes by every one, so nothing waits while a role changes hands. A server proves that it is a
// current member before it is told anything. Bounded: 256 sightings are kept, of more a random one
// makes room; 16 links are tried at a time, and who does not prove itself in 5 s lets others have
// their turn.
#pragma once

#include "core/node/uplink.h"
#include "core/node/vicinity.h"

namespace envmesh::node {

class Neighbours {
  public:
    static constexpr std::size_t most_sightings = 256;
    struct Hooks {
        /// Changes came by this link.
        std::function<void(const sync::Delta&, const Uplink& from)> applied;
        std::function<void(const mesh::MailMessage&)> mail;
        std::function<void()> changed; // one came up or was lost, or made progress
    };
    struct Neighbour {
        Sighting sighting;
        bool announced = true;
        bool configured = false; // an address that a person gave
        std::size_t next_address = 0;
        std::int64_t seen_ms = 0;  // steady: when it was announced first, or otherwise than before
        std::int64_t tried_ms = 0; // steady: since when it has its turn
        std::unique_ptr<Uplink> uplink; // none while it waits
        bool ending = false;
        std::optional<crypto::DeviceId> proved; // who it turned out to be, once
        std::string reason;                     // why there was no link when it last had its turn
        [[nodiscard]] bool is_connected() const { return uplink && uplink->is_connected(); }
    };
    using List = std::list<Neighbour>;
    Neighbours(Context& context, Member& member, Hooks hooks);

    void found(Sighting sighting);
    void lost(const std::string& instance);
    /// "host:port" each, tried whether anything is announced there or not.
    void configure(const std::vector<std::string>& addresses);
    /// Now and then, and when the network has changed: makes room, and tries who waits.
    void look();
    /// All of them now, instead of after their pauses.
    void wake();
    /// Ends all, and none is begun until `resume`.
    void pause();
    void resume();
    /// As `pause`, for good; `join` returns when they have ended.
    void stop() { pause(); }
    Task<> join();

    void pass_on(const sync::Delta& delta, const Uplink* except = nullptr);
    void resync();
    [[nodiscard]] const List& list() const { return list_; } // who waited longest first
    /// Those that have proved who they are.
    [[nodiscard]] std::vector<Uplink*> connected();
    [[nodiscard]] std::vector<const Uplink*> connected() const;
    /// One was announced within the last 3 s and has not proved itself yet.
    [[nodiscard]] bool has_fresh(std::int64_t now_ms) const;
    /// The lowest id among them.
    [[nodiscard]] std::optional<crypto::DeviceId> lowest() const;

  private:
    List::iterator find(const std::string& instance);
    Neighbour* room_for_one();
    void state_changed(Neighbour& neighbour);
    [[nodiscard]] bool is_duplicate(const Neighbour& neighbour) const;
    static void end(Neighbour& neighbour);
    void begin(Neighbour& neighbour);
    Task<> keep(List::iterator neighbour);
    Result<Uplink::Target> target(Neighbour& neighbour) const;
    [[nodiscard]] std::size_t tried() const;

    Context& context_;
    Member& member_;
    Hooks hooks_;
    List list_;
    bool paused_ = false;
    TaskGroup tasks_;
};

} // namespace envmesh::node
