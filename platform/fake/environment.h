// SPDX-License-Identifier: MIT
// A session's environment in memory, for tests.
#pragma once

#include "platform/environment.h"

#include <map>
#include <mutex>
#include <optional>

namespace envmesh::platform::fake {

class Environment final : public SessionEnvironment {
  public:
    Result<Publication> publish(const std::vector<Assignment>& wanted) override;

    /// What is ours now.
    [[nodiscard]] std::map<std::string, std::string> published() const;
    [[nodiscard]] int times_published() const;
    /// Every publish() fails so, and changes nothing, until told otherwise.
    void fail_with(std::optional<Error> error);
    /// There is no place at all, for this reason; empty: there is again.
    void lose_places(std::string reason);
    /// That name is refused from here on, by one place or by each.
    void refuse(std::string name, std::string reason, bool nowhere = false);

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string> published_;
    std::map<std::string, Unpublished> refusals_;
    std::optional<Error> error_;
    std::string reason_;
    int times_ = 0;
};

} // namespace envmesh::platform::fake
