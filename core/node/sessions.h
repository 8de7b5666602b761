// SPDX-License-Identifier: MIT
// Chain and keys change only while no session runs: sessions hold references to both, on other
// threads too, and never see two epochs' keys (A6). One of these stands beside each chain.
#pragma once

#include "core/base/task.h"

#include <functional>

namespace envmesh::node {

class Sessions {
  public:
    explicit Sessions(const asio::any_io_executor& executor) : changed_(executor) {}

    /// One session, from its handshake to its end. `close` asks it to end soon.
    class Running {
      public:
        Running(Sessions& sessions, std::function<void()> close);
        ~Running();
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

      private:
        Sessions& sessions_;
        std::list<std::function<void()>>::iterator place_;
    };

    /// Whether one may begin: nobody waits to change something.
    [[nodiscard]] bool may_begin() const { return changing_ == 0; }
    Task<> until_may_begin();
    /// Ends all sessions and runs `work` when they have. `locked` after `stop`, `timeout` when the
    /// call was given up; then `work` has not run.
    Task<Result<>> between(std::function<Result<>()> work);
    /// What waits in `between` fails from now on.
    void stop();

  private:
    std::list<std::function<void()>> running_;
    int changing_ = 0;
    bool stopped_ = false;
    Signal changed_;
};

} // namespace envmesh::node
