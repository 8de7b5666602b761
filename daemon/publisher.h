// SPDX-License-Identifier: MIT
// Keeps the environment that programs get without a shell in step with the variables that are
// marked for it: after a change, after lock and unlock, and at the end, when all is taken back. At
// the start it takes back what a daemon that was killed has left.
#pragma once

#include "core/node/service.h"
#include "platform/environment.h"

namespace envmesh::daemon {

class Publisher {
  public:
    /// `pool` has one thread. Without an environment `reason` says why there is none.
    Publisher(asio::any_io_executor executor, node::Service& service, asio::thread_pool& pool,
              std::unique_ptr<platform::SessionEnvironment> environment, std::string reason);

    void start();
    /// Something may differ now.
    void changed();
    /// Ends, and takes everything back.
    void stop();
    Task<> join();
    [[nodiscard]] node::Published published() const;

  private:
    Task<> run();
    /// Whether all of it is everywhere.
    Task<bool> publish(std::vector<api::Export::Item> items);
    void note(const Result<platform::Publication>& done);

    node::Service& service_;
    asio::thread_pool& pool_;
    std::unique_ptr<platform::SessionEnvironment> environment_;
    node::Published published_;
    bool is_due_ = true;
    bool has_published_ = true; // something may be there: at the start what another daemon left
    bool published_is_empty_ = true;
    bool is_stopping_ = false;
    Signal wake_;
    TaskGroup tasks_;
};

} // namespace envmesh::daemon
