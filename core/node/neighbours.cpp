// SPDX-License-Identifier: MIT
#include "core/node/neighbours.h"

#include "core/base/log.h"
#include "core/node/health.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::size_t most_tried = 16;
constexpr std::int64_t patience_ms = 5'000; // while others wait
constexpr std::int64_t between_wakes_ms = 10'000;
constexpr std::int64_t fresh_ms = 3'000;
constexpr std::string_view configured_prefix = "configured ";

} // namespace

Neighbours::Neighbours(Context& context, Member& member, Hooks hooks)
    : context_(context), member_(member), hooks_(std::move(hooks)), tasks_(context.executor) {}

Neighbours::List::iterator Neighbours::find(const std::string& instance) {
    return std::ranges::find_if(
        list_, [&](const Neighbour& one) { return one.sighting.instance == instance; });
}

/// Null when all that are kept are in use. Whoever floods the network does not choose who goes.
Neighbours::Neighbour* Neighbours::room_for_one() {
    if (list_.size() < most_sightings) return &list_.emplace_back();
    std::vector<List::iterator> idle;
    for (auto one = list_.begin(); one != list_.end(); ++one)
        if (!one->uplink && !one->proved && !one->configured) idle.push_back(one);
    if (idle.empty()) return nullptr;
    const auto last = static_cast<std::int64_t>(idle.size()) - 1;
    list_.erase(idle[static_cast<std::size_t>(jitter(context_.random, last))]);
    return &list_.emplace_back();
}

void Neighbours::found(Sighting sighting) {
    if (sighting.addresses.empty() || sighting.port == 0) return;
    if (!mesh::is_our_beacon(sighting.text, member_.keyring(), context_.clock.wall_ms())) return;
    const std::int64_t now = context_.clock.steady_ms();
    if (const auto known = find(sighting.instance); known != list_.end()) {
        known->announced = true;
        known->sighting = std::move(sighting);
        // Whoever announces it differently again and again does not have us dial each time.
        if (now - known->seen_ms < between_wakes_ms) return look();
        known->seen_ms = now;
        if (known->uplink) known->uplink->wake();
    } else if (Neighbour* made = room_for_one()) {
        made->seen_ms = now;
        made->sighting = std::move(sighting);
    }
    look();
    hooks_.changed();
}

// A link that works outlives its announcement: a goodbye may be forged.
void Neighbours::lost(const std::string& instance) {
    const auto known = find(instance);
    if (known == list_.end() || known->configured) return;
    known->announced = false;
    look();
}

void Neighbours::configure(const std::vector<std::string>& addresses) {
    for (Neighbour& one : list_)
        if (one.configured) one.announced = false;
    for (const std::string& address : addresses) {
        auto url = net::Url::parse_authority(address);
        if (!url) continue; // the configuration was checked when it was read
        const std::string instance = std::string(configured_prefix) + address;
        auto known = find(instance);
        if (known == list_.end()) known = list_.emplace(list_.end());
        known->announced = known->configured = true;
        known->sighting = {instance, {url->host}, url->port, {}, "configured"};
    }
    look();
}

std::size_t Neighbours::tried() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        list_, [](const Neighbour& one) { return one.uplink && !one.is_connected(); }));
}

bool Neighbours::is_duplicate(const Neighbour& neighbour) const {
    return neighbour.proved && std::ranges::any_of(list_, [&](const Neighbour& other) {
               return &other != &neighbour && other.is_connected() &&
                      other.proved == neighbour.proved;
           });
}

void Neighbours::end(Neighbour& neighbour) {
    neighbour.ending = true;
    neighbour.uplink->stop();
}

void Neighbours::look() {
    const std::int64_t now = context_.clock.steady_ms();
    std::erase_if(list_, [](const Neighbour& one) { return !one.announced && !one.uplink; });
    const bool crowded = list_.size() > most_tried;
    for (Neighbour& one : list_) {
        if (!one.uplink || one.is_connected() || one.ending) continue;
        const bool in_vain = !one.proved && now - one.tried_ms > patience_ms;
        if (!one.announced || (crowded && in_vain)) end(one);
    }
    for (const bool proved : {true, false})
        for (Neighbour& one : list_)
            if (!one.uplink && !paused_ && one.proved.has_value() == proved && !is_duplicate(one) &&
                tried() < most_tried)
                begin(one);
}

void Neighbours::begin(Neighbour& neighbour) {
    neighbour.tried_ms = context_.clock.steady_ms();
    neighbour.ending = false;
    Uplink::Hooks hooks;
    hooks.applied = [this, &neighbour](const sync::Delta& delta) {
        hooks_.applied(delta, *neighbour.uplink);
    };
    hooks.state_changed = [this, &neighbour] { state_changed(neighbour); };
    hooks.mail = [this](const mesh::MailMessage& mail) { hooks_.mail(mail); };
    hooks.progress = [this] { hooks_.changed(); };
    auto find_target = [this, &neighbour] { return target(neighbour); };
    neighbour.uplink = std::make_unique<Uplink>(context_, member_, find_target, std::move(hooks));
    const auto place =
        std::ranges::find_if(list_, [&](const Neighbour& one) { return &one == &neighbour; });
    tasks_.spawn(keep(place));
}

void Neighbours::state_changed(Neighbour& neighbour) {
    const bool connected = neighbour.is_connected();
    if (connected) neighbour.proved = neighbour.uplink->server_id();
    neighbour.reason = neighbour.uplink->reason();
    const bool gives_way = !connected && !neighbour.proved && list_.size() > most_tried;
    if (gives_way || (connected && is_duplicate(neighbour))) end(neighbour);
    hooks_.changed();
}

Task<> Neighbours::keep(List::iterator neighbour) {
    auto running = neighbour->uplink->run();
    co_await std::move(running);
    neighbour->uplink.reset();
    list_.splice(list_.end(), list_, neighbour); // the others first
    look();
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

void Neighbours::pause() {
    paused_ = true;
    for (Neighbour& one : list_)
        if (one.uplink) end(one);
}

void Neighbours::resume() {
    paused_ = false;
    look();
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
        if (one.is_connected()) out.push_back(one.uplink.get());
    return out;
}

std::vector<Uplink*> Neighbours::connected() {
    std::vector<Uplink*> out;
    for (const Neighbour& one : list_)
        if (one.is_connected()) out.push_back(one.uplink.get());
    return out;
}

bool Neighbours::has_fresh(std::int64_t now_ms) const {
    return std::ranges::any_of(list_, [now_ms](const Neighbour& one) {
        return one.uplink && !one.proved && !one.configured && now_ms - one.seen_ms < fresh_ms;
    });
}

std::optional<crypto::DeviceId> Neighbours::lowest() const {
    std::optional<crypto::DeviceId> out;
    for (const Uplink* one : connected())
        if (!out || one->server_id() < *out) out = one->server_id();
    return out;
}

} // namespace envmesh::node
