// SPDX-License-Identifier: MIT
// News of this person's login sessions on this machine: on Linux from logind
// (org.freedesktop.login1) on the system's bus. Without logind there are none.
#pragma once

#include "core/base/error.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace envmesh::platform {

/// screen_locked: every graphical session of this user is (one that is open keeps the person
/// here). logged_out: the last session of this user has ended, or the machine shuts down;
/// logged_in: there is one again.
enum class SessionNews {
    screen_locked,
    screen_unlocked,
    falling_asleep,
    awake,
    logged_out,
    logged_in
};
std::string_view name(SessionNews news);

inline constexpr std::string_view watching = "watching";
inline constexpr std::string_view watching_sleep =
    "logind knows no session of this user, so only sleep is heard of.";

/// Calls `heard` on a thread of its own, one at a time, until destroyed; post elsewhere from there.
/// A bus or a logind that is away, dies or never answers is tried again, with pauses of 1 to 64 s.
class SessionWatch {
  public:
    virtual ~SessionWatch() = default;
    static Result<std::unique_ptr<SessionWatch>> start(std::function<void(SessionNews)> heard);
    /// Sleep and shutdown are held up (a delay inhibitor, which logind limits to 5 s by default)
    /// from `falling_asleep` or `logged_out` until this is called.
    virtual void ready() = 0;
    /// `watching`, or the reason why not all is heard of, a sentence: `watching_sleep` or another.
    virtual std::string state() const = 0;
};

} // namespace envmesh::platform
