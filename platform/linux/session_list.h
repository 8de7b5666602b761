// SPDX-License-Identifier: MIT
// The login sessions of one user, and what a change of them means. No D-Bus here.
#pragma once

#include "platform/session.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace envmesh::platform {

struct LoginSession {
    bool is_graphical = false; // x11, wayland or mir
    bool is_locked = false;
    bool is_closing = false; // the person left; something they started runs on
    bool operator==(const LoginSession&) const = default;
};

/// Whether logind's class of a session is that of a person who uses the machine: no greeter, no
/// lock screen, no background job, no manager.
bool is_of_person(std::string_view session_class);
bool is_graphical(std::string_view type);

class SessionList {
  public:
    static constexpr std::size_t most = 256;

    /// No more than `most`: others are passed over. One that is known to be locked stays locked:
    /// some screen lockers do not tell logind of it.
    void put(const std::string& path, LoginSession session);
    /// The same for one that is known, but for its lock: of that signals tell, in their order.
    void refresh(const std::string& path, LoginSession session);
    void remove(const std::string& path) { sessions_.erase(path); }
    void clear() { sessions_.clear(); }
    [[nodiscard]] bool has(const std::string& path) const { return sessions_.contains(path); }
    void lock(const std::string& path);
    void unlock(const std::string& path);
    [[nodiscard]] std::vector<std::string> paths() const;

    /// What became true since the last call. Without a session before there is no logout, and
    /// without a logout no login; a locked screen that goes is not unlocked.
    std::vector<SessionNews> news();

  private:
    [[nodiscard]] bool is_anyone_here() const;
    enum class Screens { none, open, locked };
    [[nodiscard]] Screens screens() const;

    std::map<std::string, LoginSession> sessions_; // by path
    bool was_anyone_here_ = false;
    bool was_locked_ = false;
    bool has_left_ = false; // whoever was here
};

} // namespace envmesh::platform
