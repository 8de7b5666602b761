// SPDX-License-Identifier: MIT
// The node's local network: the platform's discovery and broadcast, as one. Discovery is spoken to
// on a thread of its own, since a system's responder that hangs holds up whoever asks it. The name
// that is announced is drawn at each start: nobody is followed by it.
#pragma once

#include "core/base/clock.h"
#include "core/net/broadcast.h"
#include "core/node/vicinity.h"
#include "platform/discovery.h"

namespace envmesh::daemon {

class LocalNetwork final : public node::Vicinity {
  public:
    LocalNetwork(asio::any_io_executor executor, Random& random);

    void watch(Hooks hooks) override;
    void announce(std::uint16_t port, mesh::BeaconText text) override;
    void withdraw() override;
    void seek() override;
    Task<node::Survey> survey() override;
    void leave() override;
    /// After `leave`, before it is destroyed. False when the system's responder hangs: so would
    /// the destructor.
    Task<bool> join();

  private:
    struct Seen {
        std::optional<platform::FoundService> mdns;
        std::optional<node::Sighting> broadcast;
        [[nodiscard]] node::Sighting all() const;
    };
    void begin_discovery();
    void begin_broadcast();
    template <class F>
    void with_discovery(F work);
    Task<platform::Discovery::State> discovery_state();
    Task<> run(std::unique_ptr<net::Broadcast> broadcast);
    void heard_mdns(const std::string& instance, std::optional<platform::FoundService> service);
    void heard_broadcast(const std::string& instance, std::optional<node::Sighting> sighting);
    void tell(const std::string& instance);

    asio::any_io_executor executor_;
    std::string instance_;
    std::shared_ptr<Hooks> hooks_; // what is under way to the owner's thread looks whether it lives
    std::map<std::string, Seen> seen_;
    net::Broadcast* broadcast_ = nullptr; // its task owns it
    std::string cannot_broadcast_;
    TaskGroup tasks_;
    std::unique_ptr<platform::Discovery> discovery_; // its thread's alone
    asio::thread_pool discovery_thread_{1};
};

} // namespace envmesh::daemon
