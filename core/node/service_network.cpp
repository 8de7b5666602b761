// SPDX-License-Identifier: MIT
// The calls about the network around this machine: what is found there, and another configuration.
#include "core/node/service.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::uint32_t longest_probe_ms = 20'000;

std::string state_of(const Neighbours::Neighbour& neighbour) {
    if (neighbour.is_connected()) return "connected";
    if (neighbour.proved && !neighbour.uplink) return "connected by another way";
    if (!neighbour.uplink) return "waits for its turn";
    return neighbour.uplink->reason();
}

/// Sightings that are followed, by what came of them; the rest is of other meshes.
std::vector<api::Probe::Found> describe(const std::vector<Sighting>& seen,
                                        const Neighbours& neighbours, const Member& member) {
    std::vector<api::Probe::Found> out;
    const auto add = [&](const Sighting& sighting) -> api::Probe::Found& {
        return out.emplace_back(sighting.instance, sighting.way, sighting.addresses, sighting.port);
    };
    for (const Neighbours::Neighbour& one : neighbours.list()) {
        api::Probe::Found& found = add(one.sighting);
        found.state = state_of(one);
        if (!one.proved) continue;
        found.device = hex(*one.proved);
        found.name = member.name_of(*one.proved);
    }
    for (const Sighting& sighting : seen)
        if (std::ranges::none_of(out, [&](const api::Probe::Found& found) {
                return found.instance == sighting.instance;
            }))
            add(sighting).state = "of another mesh, or a clock is days off";
    return out;
}

} // namespace

Task<Result<api::Probe::Reply>> Service::on(api::Probe call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    if (!context_.config.enable_lan || context_.vicinity == nullptr)
        co_return fail(Code::denied, "the local network is switched off on this machine",
                       "set client.enable_lan to true, then `envmesh-cli config reload`");
    links_->network_changed();
    auto waiting = sleep_for(std::chrono::milliseconds(std::min(call.wait_ms, longest_probe_ms)));
    co_await std::move(waiting);
    auto surveying = context_.vicinity->survey();
    Survey survey = co_await std::move(surveying);
    member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    api::Probe::Reply reply;
    reply.responder = std::move(survey.responder);
    reply.announced = std::move(survey.announced);
    for (Survey::Interface& one : survey.interfaces)
        reply.interfaces.push_back(
            {std::move(one.name), std::move(one.mdns), std::move(one.broadcast), one.heard});
    reply.found = describe(survey.seen, links_->neighbours(), **member);
    co_return reply;
}

Task<Result<>> Service::reload() {
    if (!context_.read_config) co_return fail(Code::denied, "there is no configuration file");
    auto wanted = context_.read_config();
    if (!wanted) co_return std::unexpected(wanted.error());
    const config::Config before = context_.config;
    if (wanted->is_cloud_server() != before.is_cloud_server() ||
        wanted->key_file != before.key_file)
        co_return fail(
            Code::conflict,
            "this configuration makes another kind of machine: a cloud server or not, or "
            "another vault.key_file",
            "restart the daemon");
    context_.config = std::move(*wanted);
    if (server_) {
        auto listening = listen_anew(before);
        auto done = co_await std::move(listening);
        if (!done) {
            context_.config = before;
            co_return done;
        }
    }
    if (links_) links_->reconfigure();
    if (context_.reconfigured) context_.reconfigured();
    log_info("config", "is", "reloaded");
    context_.publish({"config", "reloaded", {}, {}, {}});
    co_return Result<>{};
}

/// Of a cloud server whose address has changed. Devices come again by themselves.
Task<Result<>> Service::listen_anew(const config::Config& before) {
    const config::Config& now = context_.config;
    if (now.listen == before.listen && now.port == before.port) co_return Result<>{};
    server_->stop();
    auto ended = tasks_.join();
    co_await std::move(ended);
    if (stopping_) co_return fail(Code::unreachable, "the daemon is stopping");
    server_ = std::make_unique<Server>(context_, *meshes_);
    auto listening = server_->listen(now.listen, now.port);
    auto standing = listening ? Result<>{} : server_->listen(before.listen, before.port);
    if (standing)
        tasks_.spawn(server_->run());
    else
        log_error("not_listening", "reason", standing.error().message);
    co_return listening;
}

Task<Result<api::Done>> Service::on(api::Reload, ClientId) {
    auto reloading = reload();
    auto done = co_await std::move(reloading);
    if (!done) co_return std::unexpected(done.error());
    co_return api::Done{};
}

} // namespace envmesh::node
