// SPDX-License-Identifier: MIT
// What befalls the machines of tiers_faults.h: made from a seed beforehand, so that a failing
// script can be cut down to the actions that matter.
#pragma once

#include "tests/support/tiers_network.h"

namespace envmesh::test {

enum class What {
    write,
    cut,           // one connection, by preference while something is under way
    storm,         // connections break all the time
    split,         // the local network, into two or three parts
    no_route,      // to the cloud, for some
    lose_cloud,    // it resets its connections
    mute_cloud,    // nothing reaches it
    flap_cloud,    // gone and back every 5 s
    wipe_cloud,    // gone, and empty when it comes back
    restore_cloud, // now
    kill,          // a process ends, its kernel resets; servers by preference, as in all below
    unplug,        // a machine is gone without a word
    sleep,
    forbid, // to serve
};

struct Action {
    Time at = 0;
    What what = What::write;
    Time lasts = 0; // of writes: how many
    std::uint64_t dice = 0;
};
using Script = std::vector<Action>;

/// `faults` are drawn from as often as they are named.
Script make_script(std::uint64_t seed, const std::vector<What>& faults);
std::string to_string(const Script& script);
/// As few actions as possible of those that still fail; tries at most `most` scripts.
Script shrunk(Script script, int most, const std::function<bool(const Script&)>& fails);

} // namespace envmesh::test
