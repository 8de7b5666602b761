// SPDX-License-Identifier: MIT
// Whether the cloud can be relied upon again after it was lost: up without a break for 30 s and a
// jitter of up to 30 s more, so that machines do not all come back in one moment, and a cloud that
// comes and goes moves nobody. Pure: times are handed in (steady, ms).
#pragma once

#include "core/base/clock.h"

#include <optional>

namespace envmesh::node {

inline constexpr std::int64_t steady_after_ms = 30'000;
inline constexpr std::int64_t steady_jitter_ms = 30'000;

/// From 0 to `most_ms`, each as likely.
std::int64_t jitter(Random& random, std::int64_t most_ms);

class Health {
  public:
    explicit Health(Random& random) : random_(random) {}
    /// The link came up or was lost. Telling the same again changes nothing.
    void update(bool up, std::int64_t now_ms);
    [[nodiscard]] bool up() const { return steady_at_.has_value(); }
    [[nodiscard]] bool steady(std::int64_t now_ms) const { return up() && now_ms >= *steady_at_; }
    /// When `steady` becomes true if the link stays up; nothing while it is down.
    [[nodiscard]] std::optional<std::int64_t> steady_at() const { return steady_at_; }

  private:
    Random& random_;
    std::optional<std::int64_t> steady_at_;
};

} // namespace envmesh::node
