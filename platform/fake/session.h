// SPDX-License-Identifier: MIT
// Login sessions in memory, for tests: news are told by hand.
#pragma once

#include "platform/session.h"

#include <mutex>

namespace envmesh::platform::fake {

class Sessions final : public SessionWatch {
  public:
    explicit Sessions(std::function<void(SessionNews)> heard) : heard_(std::move(heard)) {}

    /// As from logind, on the thread that calls this.
    void tell(SessionNews news) { heard_(news); }
    /// `state()` from here on.
    void become(std::string state);
    [[nodiscard]] int times_ready() const;

    void ready() override;
    std::string state() const override;

  private:
    std::function<void(SessionNews)> heard_;
    mutable std::mutex mutex_;
    std::string state_{watching};
    int times_ready_ = 0;
};

} // namespace envmesh::platform::fake
