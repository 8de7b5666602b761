// SPDX-License-Identifier: MIT
#include "daemon/vicinity.h"

#include "core/base/log.h"
#include "platform/network.h"

#include <algorithm>

namespace envmesh::daemon {
namespace {

constexpr auto patience = std::chrono::seconds(2); // with a responder that hangs

std::vector<net::Broadcast::Network> networks() {
    std::vector<net::Broadcast::Network> out;
    for (platform::Network& one : platform::networks())
        out.push_back({std::move(one.interface), one.address, one.mask, one.broadcast});
    return out;
}

/// What `work` returns on that pool, which outlives the executor's other work; nothing when it
/// takes longer than our patience.
template <class F, class R = std::invoke_result_t<F&>>
Task<std::optional<R>> in_time(asio::any_io_executor home, asio::thread_pool& pool, F work) {
    struct Answer {
        explicit Answer(asio::any_io_executor executor) : came(std::move(executor)) {}
        Signal came;
        std::optional<R> value;
    };
    const auto answer = std::make_shared<Answer>(home);
    asio::post(pool, [answer, home, work = std::move(work)]() mutable {
        asio::post(home, [answer, value = work()]() mutable {
            answer->value = std::move(value);
            answer->came.notify();
        });
    });
    auto waiting = answer->came.wait_for(patience);
    co_await std::move(waiting);
    co_return std::move(answer->value);
}

} // namespace

LocalNetwork::LocalNetwork(asio::any_io_executor executor, Random& random)
    : executor_(std::move(executor)), tasks_(executor_) {
    Block<8> name{};
    random.fill(name);
    instance_ = hex(name);
}

void LocalNetwork::watch(Hooks hooks) {
    if (hooks_) {
        *hooks_ = std::move(hooks);
    } else {
        hooks_ = std::make_shared<Hooks>(std::move(hooks));
        begin_discovery();
        begin_broadcast();
    }
    seek();
}

void LocalNetwork::begin_discovery() {
    const std::weak_ptr<Hooks> alive = hooks_;
    const auto hear = [this, alive](const std::string& instance,
                                    std::optional<platform::FoundService> service) {
        asio::post(executor_, [this, alive, instance, heard = std::move(service)]() mutable {
            if (!alive.expired()) heard_mdns(instance, std::move(heard));
        });
    };
    asio::post(discovery_thread_, [this, hear] {
        auto discovery = platform::Discovery::start(
            {[hear](platform::FoundService service) {
                 const std::string instance = service.instance;
                 hear(instance, std::move(service));
             },
             [hear](const std::string& instance) { hear(instance, std::nullopt); }});
        if (!discovery) return log_warning("mdns_unusable", "reason", discovery.error().message);
        discovery_ = std::move(*discovery);
    });
}

template <class F>
void LocalNetwork::with_discovery(F work) {
    asio::post(discovery_thread_, [this, work = std::move(work)] {
        if (discovery_) work(*discovery_);
    });
}

void LocalNetwork::begin_broadcast() {
    auto broadcast = std::make_unique<net::Broadcast>(
        executor_,
        net::Broadcast::Hooks{
            networks,
            [this](const net::Beacon& beacon, const std::string& address) {
                heard_broadcast(
                    beacon.instance,
                    node::Sighting{
                        beacon.instance, {address}, beacon.port, beacon.text, "broadcast"});
            },
            [this](const std::string& instance) { heard_broadcast(instance, std::nullopt); }});
    if (auto opened = broadcast->open(); !opened) {
        if (std::exchange(cannot_broadcast_, opened.error().message) != cannot_broadcast_)
            log_warning("broadcast_unusable", "reason", cannot_broadcast_);
        return;
    }
    cannot_broadcast_.clear();
    broadcast_ = broadcast.get();
    tasks_.spawn(run(std::move(broadcast)));
}

Task<> LocalNetwork::run(std::unique_ptr<net::Broadcast> broadcast) {
    auto running = broadcast->run();
    co_await std::move(running);
}

node::Sighting LocalNetwork::Seen::all() const {
    node::Sighting out;
    if (broadcast) out = *broadcast;
    if (!mdns) return out;
    out.instance = mdns->instance;
    out.way = broadcast ? "mdns, broadcast" : "mdns";
    out.port = mdns->port;
    out.text = mdns->text;
    // Whoever announces says which addresses to try: never such as are not of this network.
    for (const std::string& address : mdns->addresses)
        if (std::ranges::find(out.addresses, address) == out.addresses.end() &&
            platform::is_on_link(address))
            out.addresses.push_back(address);
    return out;
}

void LocalNetwork::heard_mdns(const std::string& instance,
                              std::optional<platform::FoundService> service) {
    seen_[instance].mdns = std::move(service);
    tell(instance);
}

void LocalNetwork::heard_broadcast(const std::string& instance,
                                   std::optional<node::Sighting> sighting) {
    if (!hooks_) return;
    seen_[instance].broadcast = std::move(sighting);
    tell(instance);
}

void LocalNetwork::tell(const std::string& instance) {
    const auto hooks = hooks_; // a hook may leave
    const auto known = seen_.find(instance);
    if (known->second.mdns || known->second.broadcast) return hooks->found(known->second.all());
    seen_.erase(known);
    hooks->lost(instance);
}

void LocalNetwork::announce(std::uint16_t port, mesh::BeaconText text) {
    if (broadcast_ != nullptr) broadcast_->announce({instance_, port, text});
    with_discovery([service = platform::Service{instance_, port, std::move(text)}](
                       platform::Discovery& discovery) {
        if (auto done = discovery.announce(service); !done)
            log_warning("lan_not_announced", "reason", done.error().message);
    });
}

void LocalNetwork::withdraw() {
    if (broadcast_ != nullptr) broadcast_->withdraw();
    with_discovery([](platform::Discovery& discovery) { discovery.withdraw(); });
}

void LocalNetwork::seek() {
    if (hooks_ && broadcast_ == nullptr) begin_broadcast(); // who had the port may have gone
    for (const auto& [instance, seen] : std::map(seen_))
        if (hooks_) tell(instance);
    if (broadcast_ != nullptr) broadcast_->seek();
    with_discovery([](platform::Discovery& discovery) { discovery.search(); });
}

Task<platform::Discovery::State> LocalNetwork::discovery_state() {
    using State = platform::Discovery::State;
    auto ask = [this] { return discovery_ ? discovery_->state() : State{"none", {}, {}, 0}; };
    auto asking = in_time(executor_, discovery_thread_, ask);
    auto state = co_await std::move(asking);
    co_return state ? std::move(*state) : State{"avahi-daemon, which does not answer", {}, {}, 0};
}

Task<node::Survey> LocalNetwork::survey() {
    auto asking = discovery_state();
    platform::Discovery::State state = co_await std::move(asking);
    node::Survey out;
    out.responder = std::move(state.responder);
    out.announced = std::move(state.announced);
    for (auto& one : state.interfaces)
        out.interfaces.push_back(
            {one.name, one.state == "in use" ? "asked" : one.state,
             cannot_broadcast_.empty() ? "has no IPv4 broadcast address" : cannot_broadcast_,
             one.services});
    const auto reports =
        broadcast_ == nullptr ? std::vector<net::Broadcast::Report>() : broadcast_->reports();
    for (const auto& report : reports) {
        auto row =
            std::ranges::find(out.interfaces, report.interface, &node::Survey::Interface::name);
        if (row == out.interfaces.end())
            row = out.interfaces.insert(row, {report.interface, "not asked", {}, 0});
        row->broadcast = report.error.empty() ? "asked " + report.to : report.error;
        row->heard += report.heard;
    }
    for (const auto& [instance, seen] : seen_)
        out.seen.push_back(seen.all());
    co_return out;
}

void LocalNetwork::leave() {
    hooks_.reset();
    seen_.clear();
    asio::post(discovery_thread_, [this] { discovery_.reset(); });
    if (broadcast_ != nullptr) broadcast_->close();
    broadcast_ = nullptr;
}

Task<bool> LocalNetwork::join() {
    auto joined = tasks_.join();
    co_await std::move(joined);
    auto leaving = in_time(executor_, discovery_thread_, [] { return true; });
    const auto left = co_await std::move(leaving);
    co_return left.has_value();
}

} // namespace envmesh::daemon
