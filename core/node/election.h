// SPDX-License-Identifier: MIT
// Who serves the local network when the cloud is gone (protocol §2.9). Nothing is agreed upon and
// safety does not depend on it: two servers, or a server beside the cloud, cost traffic and lose
// nothing. Each machine decides from what it sees:
//
//   no cloud and no server for 1 s and a jitter of up to 1 s      it serves; up to 3 s later while
//                                                                 one just announced is tried
//   it serves and sees a server with a lower device id            after 60 s it stops
//   it serves and the cloud has been steady (health.h)            after 60 s it stops
//
// So of several the lowest id remains, its guests have a minute to find it, and a machine changes
// its role at most once a minute. A configuration that forbids serving ends it at once. Pure: times
// are handed in (steady, ms).
#pragma once

#include "core/crypto/identity.h"
#include "core/node/health.h"

namespace envmesh::node {

inline constexpr std::int64_t stand_after_ms = 1'000;
inline constexpr std::int64_t stand_jitter_ms = 1'000;
inline constexpr std::int64_t hold_ms = 3'000;
inline constexpr std::int64_t between_roles_ms = 60'000;

class Election {
  public:
    struct View {
        bool may_serve = false; // mode and configuration
        bool cloud = false;     // there is a link to it
        bool cloud_steady = false;
        /// The lowest id of the servers that this machine is connected to; each has proved it.
        std::optional<crypto::DeviceId> server;
        /// One was announced just now and has not proved itself yet: it may be anybody.
        bool announced = false;
    };
    Election(const crypto::DeviceId& self, Random& random) : self_(self), random_(random) {}

    /// When the view has changed, and at `next`.
    void update(const View& view, std::int64_t now_ms);
    [[nodiscard]] bool serving() const { return serving_; }
    /// Whoever ends serving for a reason of its own (a port in use) tells it here: that counts as a
    /// change of role.
    void failed(std::int64_t now_ms);
    /// What made it fail has been put right: it need not wait.
    void try_again() { changed_at_.reset(); }
    [[nodiscard]] std::optional<std::int64_t> next() const { return change_at_; }

  private:
    [[nodiscard]] bool wants_change(const View& view) const;
    void change(std::int64_t now_ms);

    crypto::DeviceId self_;
    Random& random_;
    bool serving_ = false;
    std::optional<std::int64_t> change_at_; // unless the view changes
    std::optional<std::int64_t> changed_at_;
};

} // namespace envmesh::node
