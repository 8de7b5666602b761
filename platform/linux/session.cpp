// SPDX-License-Identifier: MIT
#include "platform/session.h"

#include "platform/linux/session_watch.h"

namespace envmesh::platform {

std::string_view name(SessionNews news) {
    switch (news) {
    case SessionNews::screen_locked: return "screen_locked";
    case SessionNews::screen_unlocked: return "screen_unlocked";
    case SessionNews::falling_asleep: return "falling_asleep";
    case SessionNews::awake: return "awake";
    case SessionNews::logged_out: return "logged_out";
    case SessionNews::logged_in: return "logged_in";
    }
    return "?";
}

// Not DBUS_SYSTEM_BUS_ADDRESS: a variable that reached our environment must not choose who may say
// that the screen is open.
Result<std::unique_ptr<SessionWatch>> SessionWatch::start(std::function<void(SessionNews)> heard) {
    return watch_sessions("unix:path=/run/dbus/system_bus_socket", std::move(heard));
}

} // namespace envmesh::platform
