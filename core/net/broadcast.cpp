// SPDX-License-Identifier: MIT
#include "core/net/broadcast.h"

#include "core/base/codec.h"
#include "core/base/log.h"

#include <algorithm>

namespace envmesh::net {
namespace {

using asio::ip::udp;
using ErrorCode = boost::system::error_code;
using Kind = BeaconPacket::Kind;

constexpr std::string_view magic{"EnvMesh\x01", 8};
constexpr std::size_t most_packet_bytes = 512;
constexpr std::size_t most_pairs = 8;
constexpr std::size_t most_instance_bytes = 63;
constexpr std::size_t most_heard = 256;
constexpr int most_packets_a_second = 20'000; // junk costs little
constexpr int most_beacons_a_second = 10;     // of one address
constexpr std::chrono::milliseconds pause_after_flood{100};

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string string_of(View bytes) { return std::string(text(bytes)); }

bool is_inside(const Broadcast::Network& network, const asio::ip::address_v4& address) {
    const auto bytes = address.to_bytes();
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if ((bytes[i] & network.mask[i]) != (network.address[i] & network.mask[i])) return false;
    return true;
}

} // namespace

Bytes encode(const BeaconPacket& packet) {
    Writer out;
    out.raw(view(magic)).u8(static_cast<std::uint8_t>(packet.kind));
    if (packet.kind == Kind::who) return std::move(out).bytes();
    const Beacon& beacon = packet.beacon;
    out.run8(view(beacon.instance)).u16(beacon.port);
    out.u8(static_cast<std::uint8_t>(beacon.text.size()));
    for (const auto& [key, value] : beacon.text)
        out.run8(view(key)).run8(view(value));
    return std::move(out).bytes();
}

Result<BeaconPacket> decode_beacon(View bytes) {
    const auto refused = [] { return fail(Code::protocol, "This is no beacon."); };
    Reader in(bytes);
    if (bytes.size() > most_packet_bytes || text(in.raw(magic.size())) != magic) return refused();
    BeaconPacket packet;
    packet.kind = static_cast<Kind>(in.u8());
    if (packet.kind == Kind::who) return in.at_end() ? Result<BeaconPacket>(packet) : refused();
    if (packet.kind != Kind::here && packet.kind != Kind::leaving) return refused();
    Beacon& beacon = packet.beacon;
    beacon.instance = string_of(in.run8());
    beacon.port = in.u16();
    const std::size_t count = in.u8();
    for (std::size_t i = 0; i < std::min(count, most_pairs) && in.ok(); ++i) {
        std::string key = string_of(in.run8());
        std::string value = string_of(in.run8());
        if (!is_printable(key) || !is_printable(value)) return refused();
        beacon.text[std::move(key)] = std::move(value);
    }
    const bool is_named = !beacon.instance.empty() && is_printable(beacon.instance) &&
                          beacon.instance.size() <= most_instance_bytes;
    const bool is_whole = std::ranges::equal(encode(packet), bytes); // keys in order, each once
    if (!is_whole || !is_named || beacon.port == 0) return refused();
    return packet;
}

Broadcast::Broadcast(asio::any_io_executor executor, Hooks hooks)
    : Broadcast(std::move(executor), std::move(hooks), Times(), beacon_port) {}

Broadcast::Broadcast(asio::any_io_executor executor, Hooks hooks, Times times, std::uint16_t port)
    : executor_(std::move(executor)), hooks_(std::move(hooks)), times_(times), port_(port),
      socket_(executor_), changed_(executor_), tasks_(executor_) {}

Result<> Broadcast::open() {
    ErrorCode error;
    socket_.open(udp::v4(), error);
    if (!error) socket_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) socket_.set_option(asio::socket_base::broadcast(true), error);
    if (!error) socket_.non_blocking(true, error);
    if (!error) socket_.bind(udp::endpoint(udp::v4(), port_), error);
    if (!error) return {};
    socket_.close();
    return fail(Code::conflict,
                "Cannot use UDP port " + std::to_string(port_) +
                    " for broadcast on the local network: " + error.message() + ".",
                "Stop the program that has it; `ss -lunp` tells which.");
}

Task<> Broadcast::run() {
    tasks_.spawn(receive());
    auto saying = keep_saying();
    co_await std::move(saying);
    auto joined = tasks_.join();
    co_await std::move(joined);
}

void Broadcast::close() {
    withdraw();
    closed_ = true;
    ErrorCode ignored;
    socket_.close(ignored);
    changed_.notify();
}

Task<> Broadcast::receive() {
    std::array<std::uint8_t, most_packet_bytes + 1> buffer{};
    while (!closed_) {
        udp::endpoint from;
        const auto room = asio::buffer(buffer);
        auto receiving = socket_.async_receive_from(room, from, as_result);
        const auto [error, size] = co_await std::move(receiving);
        if (closed_) break;
        if (!error && may_receive(Clock::now())) {
            take(View(buffer).first(size), from);
            continue;
        }
        auto pause = sleep_for(pause_after_flood); // the system drops the rest
        co_await std::move(pause);
    }
}

bool Broadcast::may_receive(Clock::time_point now) {
    if (now - budget_since_ > std::chrono::seconds(1)) {
        budget_since_ = now;
        received_ = 0;
        taken_.clear();
    }
    return received_++ < most_packets_a_second;
}

void Broadcast::take(View bytes, const udp::endpoint& from) {
    const auto address = from.address().to_v4();
    auto packet = decode_beacon(bytes);
    if (!packet || taken_.size() > most_heard ||
        ++taken_[address.to_uint()] > most_beacons_a_second)
        return;
    const auto networks = hooks_.networks();
    const auto on = std::ranges::find_if(
        networks, [&](const Network& network) { return is_inside(network, address); });
    if (on == networks.end()) return;
    if (packet->kind == Kind::who) {
        asked_ = true;
        return changed_.notify();
    }
    if (ours_ && packet->beacon.instance == ours_->instance) return;
    for (Report& report : reports_)
        if (report.interface == on->interface) ++report.heard;
    if (packet->kind == Kind::here)
        hear(packet->beacon, address.to_string());
    else if (const auto known = heard_.find(packet->beacon.instance);
             known != heard_.end() && known->second.address == address.to_string())
        forget(packet->beacon.instance); // others do not say goodbye in its name
}

void Broadcast::hear(const Beacon& beacon, const std::string& address) {
    const auto until = Clock::now() + times_.forget;
    const auto known = heard_.find(beacon.instance);
    if (known != heard_.end() && known->second.beacon == beacon &&
        known->second.address == address) {
        known->second.until = until;
        return;
    }
    if (known == heard_.end() && heard_.size() >= most_heard)
        forget(std::ranges::min_element(heard_, {}, [](const auto& one) {
                   return one.second.until;
               })->first);
    heard_[beacon.instance] = {beacon, address, until};
    hooks_.found(beacon, address);
    changed_.notify(); // it expires
}

void Broadcast::forget(const std::string& instance) {
    if (const auto gone = heard_.extract(instance)) hooks_.lost(gone.key()); // the name was its own
}

void Broadcast::forget_old() {
    const auto now = Clock::now();
    std::vector<std::string> old;
    for (const auto& [instance, heard] : heard_)
        if (heard.until <= now) old.push_back(instance);
    for (const std::string& instance : old)
        forget(instance);
}

Task<> Broadcast::keep_saying() {
    while (!closed_) {
        forget_old();
        const auto now = Clock::now();
        if (ours_ && now >= said_ + (asked_ ? times_.gap : times_.again)) say(Kind::here);
        auto next = now + times_.forget;
        if (ours_) next = std::min(next, said_ + (asked_ ? times_.gap : times_.again));
        for (const auto& [instance, heard] : heard_)
            next = std::min(next, heard.until);
        const auto pause = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
        auto waiting = changed_.wait_for(std::max(pause, std::chrono::milliseconds(1)));
        co_await std::move(waiting);
    }
}

void Broadcast::announce(Beacon beacon) {
    ours_ = std::move(beacon);
    say(Kind::here);
    changed_.notify();
}

void Broadcast::withdraw() {
    if (!ours_) return;
    say(Kind::leaving);
    ours_.reset();
}

void Broadcast::seek() { say(Kind::who); }

void Broadcast::say(Kind kind) {
    if (kind == Kind::here) {
        said_ = Clock::now();
        asked_ = false;
    }
    if (!socket_.is_open()) return;
    BeaconPacket packet{kind, {}};
    if (kind != Kind::who) packet.beacon = *ours_;
    const Bytes bytes = encode(packet);
    reports_.clear();
    for (const Network& network : hooks_.networks()) {
        const udp::endpoint to(asio::ip::address_v4(network.broadcast), port_);
        ErrorCode error;
        socket_.send_to(asio::buffer(bytes), to, 0, error);
        reports_.push_back({network.interface, to.address().to_string(),
                            error ? error.message() : std::string(), 0});
    }
}

} // namespace envmesh::net
