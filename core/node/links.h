// SPDX-License-Identifier: MIT
// All links of a member: to the cloud, to servers of the local network (neighbours.h), and from the
// guests while it serves that network itself. Each brings and takes changes whenever it is up, and
// what one brings goes to the others, so a machine that reaches two sides is their bridge; nothing
// comes back to where it came from, since a replica tells only what was new to it. Who serves and
// which tier is shown follow from what is up (election.h, health.h).
#pragma once

#include "core/node/election.h"
#include "core/node/neighbours.h"
#include "core/node/own_mesh.h"
#include "core/node/server.h"

namespace envmesh::node {

enum class Tier { cloud, lan, serving, offline };
std::string_view tier_name(Tier tier);

class Links {
  public:
    struct Hooks {
        std::function<void(const sync::Delta&)> applied;
        std::function<void(const mesh::MailMessage&)> mail;
        std::function<void()> progress;
        std::function<void()> changed; // tier, role, or the reason why there is no link
    };
    Links(Context& context, Member& member, Hooks hooks);
    ~Links();

    /// Until `stop`; returns when every link and session has ended.
    Task<> run();
    void stop();
    void network_changed();
    /// This machine has written.
    void changed(const sync::Delta& delta);
    /// A whole round with everyone, now.
    void resync();

    [[nodiscard]] Uplink& cloud() { return cloud_; }
    [[nodiscard]] Tier tier() const { return tier_; }
    [[nodiscard]] std::int64_t tier_since_ms() const { return tier_since_ms_; } // wall clock
    [[nodiscard]] const Neighbours& neighbours() const { return neighbours_; }
    /// While this machine serves the local network.
    [[nodiscard]] const Server* server() const { return server_.get(); }
    /// The cloud's session, or else a neighbour's; null without either.
    [[nodiscard]] const sync::Session* session() const;

  private:
    void look();
    Tier seen_tier(std::int64_t now_ms) const;
    [[nodiscard]] bool may_serve() const;
    void serve();
    Task<> keep_serving();
    void announce();
    void pass_on(const sync::Delta& delta, const Uplink* from);

    Context& context_;
    Member& member_;
    Hooks hooks_;
    Uplink cloud_;
    Neighbours neighbours_;
    Health health_;
    Election election_;
    std::unique_ptr<OwnMesh> own_;
    std::unique_ptr<Server> server_;
    std::int64_t announced_ms_ = 0; // steady
    Tier tier_ = Tier::offline;
    std::int64_t tier_since_ms_ = 0;
    bool stopping_ = false;
    Signal changed_;
    TaskGroup tasks_;
};

} // namespace envmesh::node
