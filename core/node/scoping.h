// SPDX-License-Identifier: MIT
// Which of the variables of one name counts on a machine: its own device's over the profiles in
// use, of which the last one named wins, over the shared one.
#pragma once

#include "core/config/project.h"
#include "core/sync/change.h"

#include <span>

namespace envmesh::node {

inline constexpr std::string_view shared_scope = "shared";
inline constexpr std::string_view profile_prefix = "profile/";
inline constexpr std::string_view device_prefix = "device/";

class Ranking {
  public:
    Ranking(std::string own_scope, std::vector<std::string> profiles)
        : own_(std::move(own_scope)), profiles_(std::move(profiles)) {}
    /// More is stronger; 0: it does not count here.
    [[nodiscard]] std::size_t of(std::string_view scope) const;
    [[nodiscard]] const std::vector<std::string>& profiles() const { return profiles_; }

  private:
    std::string own_;
    std::vector<std::string> profiles_;
};

/// The strongest, or null when none counts.
const sync::Reading* strongest(std::span<const sync::Reading> of_one_name, const Ranking& ranking);

/// What a call that reads is to see.
struct Outlook {
    Ranking ranking;
    config::Project project; // when there is one and it is trusted
    std::string without;     // why the project does not count, a sentence; empty when it does
};

} // namespace envmesh::node
