// SPDX-License-Identifier: MIT
#include "platform/linux/session_list.h"

#include <algorithm>

namespace envmesh::platform {

bool is_of_person(std::string_view session_class) {
    return session_class == "user" || session_class.starts_with("user-"); // "user-early"
}

bool is_graphical(std::string_view type) {
    return type == "x11" || type == "wayland" || type == "mir";
}

void SessionList::put(const std::string& path, LoginSession session) {
    const auto known = sessions_.find(path);
    if (known == sessions_.end() && sessions_.size() >= most) return;
    if (known != sessions_.end()) session.is_locked |= known->second.is_locked;
    sessions_.insert_or_assign(path, session);
}

void SessionList::refresh(const std::string& path, LoginSession session) {
    const auto known = sessions_.find(path);
    if (known == sessions_.end()) return;
    session.is_locked = known->second.is_locked;
    known->second = session;
}

void SessionList::lock(const std::string& path) {
    if (const auto found = sessions_.find(path); found != sessions_.end())
        found->second.is_locked = true;
}

void SessionList::unlock(const std::string& path) {
    if (const auto found = sessions_.find(path); found != sessions_.end())
        found->second.is_locked = false;
}

std::vector<std::string> SessionList::paths() const {
    std::vector<std::string> all;
    for (const auto& [path, session] : sessions_)
        all.push_back(path);
    return all;
}

bool SessionList::is_anyone_here() const {
    return std::ranges::any_of(sessions_, [](const auto& one) { return !one.second.is_closing; });
}

SessionList::Screens SessionList::screens() const {
    Screens found = Screens::none;
    for (const auto& [path, session] : sessions_) {
        if (!session.is_graphical || session.is_closing) continue;
        if (!session.is_locked) return Screens::open;
        found = Screens::locked;
    }
    return found;
}

std::vector<SessionNews> SessionList::news() {
    std::vector<SessionNews> found;
    const Screens now = screens();
    const bool here = is_anyone_here();
    if (now == Screens::locked && !was_locked_) found.push_back(SessionNews::screen_locked);
    if (now == Screens::open && was_locked_) found.push_back(SessionNews::screen_unlocked);
    if (!here && was_anyone_here_) found.push_back(SessionNews::logged_out);
    if (here && has_left_) found.push_back(SessionNews::logged_in);
    was_locked_ = now == Screens::locked;
    has_left_ = !here && (has_left_ || was_anyone_here_);
    was_anyone_here_ = here;
    return found;
}

} // namespace envmesh::platform
