// SPDX-License-Identifier: MIT
// All links of a member: to the cloud, to servers of the local network (neighbours.h), and from the
// guests while it serves that network itself. Each brings and takes changes whenever it is up, and
// what one brings goes to the others, so a machine that reaches two sides is their bridge; nothing
// comes back to where it came from, since a replica tells only what was new to it. Who serves and
// which tier is shown follow from what is up (election.h, health.h). Each change of tier, role,
// election and health is an event.
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
        std::function<void()> changed; // anything at all
    };
    Links(Context& context, Member& member, Hooks hooks);
    ~Links();

    /// Until `stop`; returns when every link and session has ended.
    Task<> run();
    void stop();
    void network_changed();
    /// The configuration is another one now: what it changes is taken down and set up anew, the
    /// rest goes on.
    void reconfigure();
    /// This machine has written.
    void changed(const sync::Delta& delta);
    /// A whole round with everyone, now.
    void resync();

    /// A server that is connected, or this machine while it serves, to carry an invitation.
    struct PostOffice {
        crypto::PublicIdentity server;
        std::string address; // "host:port"; empty: to be found on the local network
    };
    /// The cloud, else this machine while it serves, else the server of the local network that will
    /// remain; `unreachable` without any.
    [[nodiscard]] Result<PostOffice> post_office() const;
    [[nodiscard]] bool reaches(const crypto::DeviceId& post_office) const;
    /// `unreachable` when it is not connected now.
    Result<> send(const crypto::DeviceId& post_office, const mesh::MailMessage& message);
    [[nodiscard]] bool has_sent_all() const;

    [[nodiscard]] const Uplink& cloud() const { return cloud_; }
    [[nodiscard]] const Neighbours& neighbours() const { return neighbours_; }
    /// While this machine serves the local network.
    [[nodiscard]] const Server* server() const { return server_.get(); }
    /// Who is and was its guest.
    [[nodiscard]] const Presences& guests() const;
    /// The cloud's session, or else a neighbour's; null without either.
    [[nodiscard]] const sync::Session* session() const;
    [[nodiscard]] Tier tier() const { return tier_; }
    [[nodiscard]] std::int64_t tier_since_ms() const { return tier_since_ms_; } // wall clock
    /// Why it is this tier, a sentence; empty for the cloud.
    [[nodiscard]] std::string tier_reason() const;
    [[nodiscard]] const std::string& election() const { return told_.election; }
    [[nodiscard]] const std::string& health() const { return told_.health; }

  private:
    /// idle | standing | serving | yielding; down | up | steady; client | serving.
    struct Told {
        std::string tier = "offline", role = "client", election = "idle", health = "down";
    };
    void look();
    Tier seen_tier(std::int64_t now_ms) const;
    void tell(std::int64_t now_ms);
    void tell(const char* event, std::string_view state, std::string& told);
    void follow_lan();
    [[nodiscard]] std::optional<std::string> reason_not_to_serve() const;
    Result<> listen();
    void serve();
    Task<> keep_serving();
    void announce();
    Task<> deliver(mesh::MailMessage mail);
    void pass_on(const sync::Delta& delta, const Uplink* from);

    Context& context_;
    Member& member_;
    Hooks hooks_;
    Uplink cloud_;
    ServerSetting cloud_setting_; // what `cloud_` dials
    Neighbours neighbours_;
    Health health_;
    Election election_;
    std::unique_ptr<OwnMesh> own_;
    std::unique_ptr<Server> server_;
    std::pair<std::string, std::uint16_t> listening_; // as configured
    std::string cannot_listen_;                       // why, when it would serve
    std::int64_t announced_day_ = 0;
    std::int64_t seen_on_ = 0; // the day by which announcements were judged
    Tier tier_ = Tier::offline;
    std::int64_t tier_since_ms_ = 0;
    Told told_;
    bool stopping_ = false;
    Signal changed_;
    TaskGroup tasks_;
};

} // namespace envmesh::node
