// SPDX-License-Identifier: MIT
#include "core/node/neighbours.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::size_t most_sightings = 256;
constexpr std::size_t most_tried = 6;
constexpr std::int64_t patience_ms = 15'000;

} // namespace

Neighbours::Neighbours(Context& context, Member& member, Hooks hooks)
    : context_(context), member_(member), hooks_(std::move(hooks)), tasks_(context.executor) {}

Neighbours::List::iterator Neighbours::find(const std::string& instance) {
    return std::ranges::find_if(
        list_, [&](const Neighbour& one) { return one.sighting.instance == instance; });
}

void Neighbours::found(Sighting sighting) {
    if (stopping_ || sighting.addresses.empty() || sighting.port == 0) return;
    if (!mesh::is_our_beacon(sighting.text, member_.keyring(), context_.clock.wall_ms())) return;
    const auto known = find(sighting.instance);
    if (known == list_.end()) {
        if (list_.size() >= most_sightings) return log_warning("neighbours_ignored");
        list_.emplace_back().sighting = std::move(sighting);
    } else {
        known->announced = true;
        known->sighting = std::move(sighting);
        if (known->uplink) known->uplink->wake();
    }
    look();
}

// A link that works outlives its announcement: a goodbye may be forged.
void Neighbours::lost(const std::string& instance) {
    const auto known = find(instance);
    if (known == list_.end()) return;
    known->announced = false;
    look();
}

std::size_t Neighbours::tried() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(list_, [](const Neighbour& one) { return one.uplink != nullptr; }));
}

void Neighbours::look() {
    const std::int64_t now = context_.clock.steady_ms();
    std::erase_if(list_, [](const Neighbour& one) { return !one.announced && !one.uplink; });
    const bool crowded = list_.size() > most_tried;
    for (Neighbour& one : list_) {
        if (!one.uplink || one.uplink->is_connected() || one.ending) continue;
        const bool in_vain = now - one.tried_ms > patience_ms;
        if (one.announced && !(crowded && in_vain)) continue;
        one.ending = true;
        one.uplink->stop();
    }
    for (Neighbour& one : list_)
        if (!one.uplink && !stopping_ && tried() < most_tried) begin(one);
}

void Neighbours::begin(Neighbour& neighbour) {
    neighbour.tried_ms = context_.clock.steady_ms();
    neighbour.ending = false;
    Uplink::Hooks hooks;
    hooks.applied = [this, &neighbour](const sync::Delta& delta) {
        hooks_.applied(delta, *neighbour.uplink);
    };
    hooks.state_changed = [this, &neighbour] {
        neighbour.tried_ms = context_.clock.steady_ms(); // a lost one has its time again
        hooks_.changed();
    };
    hooks.progress = [this] { hooks_.changed(); };
    auto find_target = [this, &neighbour] { return target(neighbour); };
    neighbour.uplink = std::make_unique<Uplink>(context_, member_, find_target, std::move(hooks));
    const auto place =
        std::ranges::find_if(list_, [&](const Neighbour& one) { return &one == &neighbour; });
    tasks_.spawn(keep(place));
}

Task<> Neighbours::keep(List::iterator neighbour) {
    auto running = neighbour->uplink->run();
    co_await std::move(running);
    neighbour->uplink.reset();
    list_.splice(list_.end(), list_, neighbour); // the others first
    if (!stopping_) look();
    hooks_.changed();
}

Result<Uplink::Target> Neighbours::target(Neighbour& neighbour) const {
    const auto& addresses = neighbour.sighting.addresses;
    Uplink::Target out;
    out.url.host = addresses[neighbour.next_address++ % addresses.size()];
    out.url.port = neighbour.sighting.port;
    out.tells_the_time = false;
    for (const auto& [device, member] : member_.chain().members())
        if (!member.removed && device != member_.identity().id())
            out.pin.any_of.push_back(member.keys.ed_pk);
    return out;
}

void Neighbours::wake() {
    for (Neighbour& one : list_)
        if (one.uplink) one.uplink->network_changed();
    look();
}

void Neighbours::stop() {
    stopping_ = true;
    for (Neighbour& one : list_)
        if (one.uplink) one.uplink->stop();
}

Task<> Neighbours::join() {
    auto joined = tasks_.join();
    co_await std::move(joined);
}

void Neighbours::pass_on(const sync::Delta& delta, const Uplink* except) {
    for (const Neighbour& one : list_)
        if (one.uplink && one.uplink.get() != except) one.uplink->changed(delta);
}

void Neighbours::resync() {
    for (const Neighbour& one : list_)
        if (one.uplink) one.uplink->resync();
}

std::vector<const Uplink*> Neighbours::connected() const {
    std::vector<const Uplink*> out;
    for (const Neighbour& one : list_)
        if (one.uplink && one.uplink->is_connected()) out.push_back(one.uplink.get());
    return out;
}

std::optional<crypto::DeviceId> Neighbours::lowest() const {
    std::optional<crypto::DeviceId> out;
    for (const Uplink* one : connected())
        if (!out || one->server_id() < *out) out = one->server_id();
    return out;
}

} // namespace envmesh::node
