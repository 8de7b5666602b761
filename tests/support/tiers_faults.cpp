// SPDX-License-Identifier: MIT
#include "tests/support/tiers_faults.h"

namespace envmesh::test {
namespace {

constexpr Time longest_storm_ms = 30'000; // a link that breaks is dialled ever less often

} // namespace

FaultyWorld::FaultyWorld(std::uint64_t seed) : TiersWorld(seed) {
    const std::size_t count = 2 + random.below(random.chance(0.3) ? 2 : 7);
    const double in_cloud = random.chance(0.7) ? 0.9 : 0.5;
    bool any_server = false;
    for (std::size_t i = 1; i <= count; ++i) {
        const bool uses_cloud = random.chance(in_cloud);
        const bool serves = !uses_cloud || random.chance(0.8);
        members.push_back(std::make_unique<Member>(static_cast<int>(i), uses_cloud, serves));
        members.back()->skew = random.between(-60'000, 60'000);
        any_server = any_server || serves;
    }
    cloud_returns_ = !any_server || random.chance(0.7);
    limits.batch_cells = 1 + random.below(4);
    limits.window = 1 + random.below(4);
    limits.unstaged_batches = 1 + random.below(3);
    limits.outgoing_bytes = random.chance(0.2) ? 900 : limits.outgoing_bytes;
    deaf_chance = random.chance(0.3) ? 0.2 : 0;
    no_port_chance = random.chance(0.1) ? 0.3 : 0;
}

void FaultyWorld::perform(const Action& action) {
    SeededRandom dice(action.dice);
    switch (action.what) {
    case What::write: {
        Member& member = any(dice);
        for (Time left = member.running() ? action.lasts : 0; left > 0; --left)
            write_one(member, dice);
        return;
    }
    case What::cut: return cut_one(dice);
    case What::storm: return storm(std::min(action.lasts, longest_storm_ms));
    case What::split:
    case What::no_route: return divide(action, dice);
    case What::lose_cloud:
    case What::mute_cloud:
    case What::flap_cloud:
    case What::wipe_cloud:
    case What::restore_cloud: return strike_cloud(action);
    case What::kill:
    case What::unplug:
    case What::sleep:
    case What::forbid: return strike_member(action, dice);
    }
}

/// The end of a fault, unless all of them have ended.
void FaultyWorld::later(Time delay, std::function<Mask()> what) {
    agenda.at(now() + delay, [this, what = std::move(what)] {
        if (!whole_) disturbed(what());
    });
}

void FaultyWorld::strike_member(const Action& action, SeededRandom& dice) {
    Member* struck = &any(dice);
    for (const auto& member : members)
        if (member->serving && dice.chance(0.6)) struck = member.get();
    Member& member = *struck;
    if (!member.running()) return;
    if (action.what == What::forbid) {
        forbid(member, action.lasts);
    } else if (action.what == What::sleep) {
        sleep(member);
        later(action.lasts, [this, &member, tell = dice.chance(0.5)] {
            if (member.power == Power::asleep) wake_up(member, tell);
            return bit(member);
        });
    } else {
        stop(member, action.what == What::kill ? Power::crashed : Power::off);
        later(action.lasts, [this, &member] {
            if (!member.running()) restart(member);
            return bit(member);
        });
    }
    disturbed(bit(member));
}

void FaultyWorld::forbid(Member& member, Time lasts) {
    member.allowed = false;
    look(member);
    later(lasts, [this, &member] {
        member.allowed = true;
        if (member.running()) look(member);
        return bit(member);
    });
}

void FaultyWorld::strike_cloud(const Action& action) {
    const int fault = ++cloud_fault_;
    flapping_ = action.what == What::flap_cloud;
    cloud.has_route = action.what != What::mute_cloud;
    if (action.what == What::wipe_cloud || action.what == What::lose_cloud) {
        stop(cloud, Power::crashed);
        if (action.what == What::wipe_cloud) cloud.node.store.restore({});
    } else if (!cloud.running()) {
        restart(cloud);
    }
    if (flapping_) flap(fault, now() + action.lasts);
    later(action.lasts, [this, fault]() -> Mask {
        if (fault != cloud_fault_) return 0;
        flapping_ = false;
        cloud.has_route = true;
        if (!cloud.running()) restart(cloud);
        return everyone();
    });
    disturbed(everyone());
}

void FaultyWorld::flap(int fault, Time until) {
    agenda.at(now() + 5'000, [this, fault, until] {
        if (whole_ || fault != cloud_fault_ || now() >= until) return;
        if (cloud.running())
            stop(cloud, Power::crashed);
        else
            restart(cloud);
        flap(fault, until);
    });
}

void FaultyWorld::cut_one(SeededRandom& dice) {
    std::vector<WirePtr> open;
    std::vector<WirePtr> busy;
    for (const WirePtr& wire : wires()) {
        const bool usable = wire->client.open && wire->server.open &&
                            wire->client.machine.running() && wire->server.machine.running();
        if (usable) open.push_back(wire);
        if (usable && !(wire->client.coming.empty() && wire->server.coming.empty()))
            busy.push_back(wire);
    }
    const auto& among = busy.empty() ? open : busy;
    if (among.empty()) return;
    const WirePtr wire = among[dice.below(among.size())];
    cut(wire);
    disturbed(bit(wire->client.machine) | bit(wire->server.machine));
}

void FaultyWorld::storm(Time lasts) {
    break_chance = 0.1;
    later(lasts, [this, storm = ++storms_]() -> Mask {
        if (storm != storms_) return 0;
        break_chance = 0;
        return everyone();
    });
    disturbed(everyone());
}

/// Some go elsewhere: to other parts of the local network, or to where the cloud is out of reach.
void FaultyWorld::divide(const Action& action, SeededRandom& dice) {
    Mask moved = 0;
    const std::size_t parts = 2 + dice.below(2);
    for (const auto& member : members) {
        const int part = static_cast<int>(dice.below(parts));
        if (part == 0) continue;
        if (action.what == What::split)
            member->lan = part;
        else
            member->has_route = false;
        moved |= bit(*member);
    }
    later(action.lasts, [this, action, moved, tell = dice.chance(0.5)] {
        reunite(action, moved, tell);
        return everyone();
    });
    disturbed(everyone());
}

void FaultyWorld::reunite(const Action& action, Mask moved, bool tell) {
    for (const auto& member : members) {
        if ((moved & bit(*member)) == 0) continue;
        if (action.what == What::split)
            member->lan = 0;
        else
            member->has_route = true;
        if (tell && member->running()) network_changed(*member);
    }
}

void FaultyWorld::make_whole() {
    whole_ = true;
    flapping_ = false;
    no_port_chance = 0;
    break_chance = 0;
    cloud.has_route = cloud_returns_ || random.chance(0.5);
    if (cloud_returns_ && !cloud.running()) restart(cloud);
    if (!cloud_returns_ && cloud.has_route) stop(cloud, Power::crashed);
    for (const auto& member : members) {
        member->lan = 0;
        member->has_route = true;
        member->allowed = true;
        if (member->power == Power::asleep)
            wake_up(*member, true);
        else if (!member->running())
            restart(*member);
        else
            ask_around(*member);
    }
    disturbed(everyone());
}

bool FaultyWorld::reaches_cloud(const Member& member) const {
    return member.uses_cloud && cloud.running() && !flapping_ && path(member, cloud);
}

/// A part of the local network is joined where someone serves it, and someone does who may and has
/// no cloud.
Mask FaultyWorld::group_of(const Member& author) const {
    std::map<int, Mask> parts;
    std::set<int> served;
    Mask with_cloud = bit(cloud);
    for (const auto& member : members) {
        if (!member->running()) continue;
        parts[member->lan] |= bit(*member);
        if (reaches_cloud(*member))
            with_cloud |= bit(*member);
        else if (member->may_serve && member->allowed)
            served.insert(member->lan);
    }
    std::vector<Mask> groups{with_cloud};
    for (const int lan : served)
        groups.push_back(parts[lan]);
    return joined(bit(author), groups);
}

Mask FaultyWorld::joined(Mask group, const std::vector<Mask>& others) {
    for (std::size_t i = 0; i < others.size(); ++i)
        for (const Mask one : others)
            if ((one & group) != 0) group |= one;
    return group;
}

} // namespace envmesh::test
