// SPDX-License-Identifier: MIT
// The environment of systemd's user manager, over the session's bus, and that of what the bus
// starts itself, which can neither be read nor lose a name: one that ends gets what the manager
// will have of it, else an empty value. dbus-daemon and dbus-broker hand all of it on to the
// manager, which is therefore told after them. What a generator of environment.d told the manager
// at its start it never loses (252: UnsetEnvironment leaves that alone): such a name gets back what
// stood there before, else an empty value until that manager ends.
#pragma once

#include "platform/linux/bus.h"
#include "platform/linux/environment_file.h"

#include <string>
#include <vector>

namespace envmesh::platform {

struct ManagerState {
    std::string identity; // another one after a restart
    Values environment;
};

Result<ManagerState> read_manager(const Bus& bus, Moment deadline);

struct Change {
    std::vector<std::string> unset;
    Values set;
    [[nodiscard]] bool empty() const { return unset.empty() && set.empty(); }
};
/// All at once where the manager takes all; else those that it takes. Returns the names of the
/// others.
Result<std::vector<std::string>> change_manager(const Bus& bus, const Change& change,
                                                Moment deadline);

/// What is left of a value that was set when the manager is reloaded: it loses the spaces at the
/// end (seen with systemd 252).
std::string_view after_reload(std::string_view value);
/// Lets it run its generators anew, which is what drops what they told before; it ends when that is
/// done, and values are put right that suffered. Not of one that is about to end (`conflict`).
Result<> reload_manager(const Bus& bus, Moment deadline);

Result<> update_activation(const Bus& bus, const Values& values, Moment deadline);

} // namespace envmesh::platform
