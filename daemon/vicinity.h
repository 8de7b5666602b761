// SPDX-License-Identifier: MIT
// The node's local network, through the platform's discovery: its thread on one side, the owner's
// on the other. The name that it announces is drawn at each start: nobody is followed by it.
#pragma once

#include "core/base/clock.h"
#include "core/base/task.h"
#include "core/node/vicinity.h"
#include "platform/discovery.h"

namespace envmesh::daemon {

class LocalNetwork final : public node::Vicinity {
  public:
    LocalNetwork(asio::any_io_executor executor, Random& random);

    void watch(Hooks hooks) override;
    void announce(std::uint16_t port, mesh::BeaconText text) override;
    void withdraw() override;
    void leave() override;

  private:
    asio::any_io_executor executor_;
    std::string instance_;
    std::shared_ptr<Hooks> hooks_; // what is under way to the owner's thread looks whether it lives
    std::unique_ptr<platform::Discovery> discovery_;
};

} // namespace envmesh::daemon
