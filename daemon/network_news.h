// SPDX-License-Identifier: MIT
// Tells the node that the machine's network is another one now: an address, a route, an interface.
#pragma once

#include "core/base/task.h"
#include "core/node/service.h"
#include "platform/network.h"

namespace envmesh::daemon {

class NetworkNews {
  public:
    NetworkNews(const asio::any_io_executor& executor, node::Service& service);

    void start();
    /// No news come any more.
    void stop() { watch_.reset(); }
    Task<> join();

  private:
    Task<> follow();

    asio::any_io_executor executor_;
    node::Service& service_;
    std::unique_ptr<platform::NetworkWatch> watch_;
    Signal news_;
    TaskGroup tasks_;
};

} // namespace envmesh::daemon
