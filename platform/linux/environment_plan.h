// SPDX-License-Identifier: MIT
// What is to be told to whom so that the wanted variables, and none else, are ours, and what must
// be remembered so that it can be undone whatever happens on the way. No D-Bus and no files here.
#pragma once

#include "platform/environment.h"
#include "platform/linux/environment_manager.h"
#include "platform/linux/environment_state.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envmesh::platform {

struct Situation {
    const Values& wanted; // those that are not refused everywhere
    const Injections& known;
    const ManagerState* manager; // null: not there
    std::string bus;             // empty: not there
};

/// What is remembered of a name, and what of it is over once it was told.
struct Step {
    Injected entry;
    std::optional<Secret> settled; // of `ours` only this is left
    bool ends_in_manager = false;
    bool ends_in_activation = false;
};

struct Plan {
    std::string manager, bus;
    std::map<std::string, Step, std::less<>> steps;
    Change change;
    Values activation;
    std::vector<Unpublished> refused;
};

enum class Told { in_vain, well };

Plan plan(const Situation& situation);
/// Written before anything is told.
Injections remembered(const Plan& plan);
/// Written after.
Injections remembered(const Plan& plan, Told manager, Told activation);

/// What the manager has once it was told, against what it was told: it drops some names without a
/// word (NOTIFY_SOCKET and others of its own). Of those nothing of ours is there.
void compare(Plan& plan, const Values& environment);

/// By name, as long as there are at most 10,000 that together have at most 1 MiB: what has no room
/// is refused, as is what no place takes, and smaller ones after it still have theirs.
Values choose(const std::vector<Assignment>& wanted, std::vector<Unpublished>& refused);

} // namespace envmesh::platform
