// SPDX-License-Identifier: MIT
#include "core/node/links.h"

#include "core/base/log.h"

#include <algorithm>
#include <array>

namespace envmesh::node {
namespace {

constexpr std::int64_t look_at_least_ms = 5'000;
constexpr std::int64_t announce_again_ms = std::int64_t{12} * 60 * 60 * 1000; // the tag names a day

Uplink::FindTarget to_cloud(const Member& member) {
    return [&member]() -> Result<Uplink::Target> {
        ServerSetting server = member.server();
        if (server.url.empty()) return fail(Code::unreachable, "no server is configured");
        auto url = net::Url::parse(server.url);
        if (!url) return std::unexpected(url.error());
        Uplink::Target target{std::move(*url), {}, std::move(server.token)};
        target.pin.fingerprint = std::move(server.fingerprint);
        return target;
    };
}

} // namespace

std::string_view tier_name(Tier tier) {
    constexpr std::array<std::string_view, 4> names{"cloud", "lan", "serving", "offline"};
    return names.at(static_cast<std::size_t>(tier));
}

Links::Links(Context& context, Member& member, Hooks hooks)
    : context_(context), member_(member), hooks_(std::move(hooks)),
      cloud_(context, member, to_cloud(member),
             {[this](const sync::Delta& delta) {
                  pass_on(delta, &cloud_);
                  hooks_.applied(delta);
              },
              [this] {
                  changed_.notify();
                  hooks_.changed();
              },
              [this](const mesh::MailMessage& mail) { hooks_.mail(mail); },
              [this] { hooks_.progress(); }}),
      neighbours_(context, member,
                  {[this](const sync::Delta& delta, const Uplink& from) {
                       pass_on(delta, &from);
                       hooks_.applied(delta);
                   },
                   [this] {
                       changed_.notify();
                       hooks_.progress();
                   }}),
      health_(context.random), election_(member.identity().id(), context.random),
      tier_since_ms_(context.clock.wall_ms()), changed_(context.executor),
      tasks_(context.executor) {}

Links::~Links() = default;

Task<> Links::run() {
    tasks_.spawn(cloud_.run());
    if (context_.vicinity != nullptr && context_.config.enable_lan)
        context_.vicinity->watch(
            {[this](Sighting sighting) { neighbours_.found(std::move(sighting)); },
             [this](const std::string& instance) { neighbours_.lost(instance); }});
    while (!stopping_) {
        look();
        const std::int64_t now = context_.clock.steady_ms();
        std::int64_t next = now + look_at_least_ms;
        for (const auto& at : {election_.next(), health_.steady_at()})
            if (at && *at > now) next = std::min(next, *at);
        auto waiting = changed_.wait_for(std::chrono::milliseconds(next - now));
        co_await std::move(waiting);
    }
    auto ended = neighbours_.join();
    co_await std::move(ended);
    auto joined = tasks_.join();
    co_await std::move(joined);
}

void Links::stop() {
    stopping_ = true;
    if (context_.vicinity != nullptr) context_.vicinity->leave();
    cloud_.stop();
    neighbours_.stop();
    if (server_) server_->stop();
    changed_.notify();
}

void Links::look() {
    const std::int64_t now = context_.clock.steady_ms();
    health_.update(cloud_.is_connected(), now);
    election_.update(
        {may_serve(), cloud_.is_connected(), health_.steady(now), neighbours_.lowest()}, now);
    if (election_.serving() && !server_) serve();
    if (!election_.serving() && server_) {
        context_.vicinity->withdraw();
        server_->stop();
    }
    if (server_ && now - announced_ms_ > announce_again_ms) announce();
    neighbours_.look();
    const Tier tier = seen_tier(now);
    if (tier == std::exchange(tier_, tier)) return;
    tier_since_ms_ = context_.clock.wall_ms();
    log_info("tier", "is", tier_name(tier));
    hooks_.changed();
}

/// Whoever relied on the local network goes on doing so until the cloud is steady: a cloud that
/// comes and goes shows as one tier.
Tier Links::seen_tier(std::int64_t now_ms) const {
    const bool local = server_ != nullptr || neighbours_.lowest().has_value();
    const bool was_local = tier_ == Tier::lan || tier_ == Tier::serving;
    if (cloud_.is_connected() && !(local && was_local && !health_.steady(now_ms)))
        return Tier::cloud;
    if (server_) return Tier::serving;
    return local ? Tier::lan : Tier::offline;
}

bool Links::may_serve() const {
    const config::Config& config = context_.config;
    return context_.vicinity != nullptr && config.enable_lan && !config.lan_listen.empty() &&
           config.mode != config::Mode::client_only && !stopping_;
}

void Links::serve() {
    own_ = std::make_unique<OwnMesh>(member_, [this](const sync::Delta& delta) {
        cloud_.changed(delta);
        neighbours_.pass_on(delta);
        hooks_.applied(delta);
    });
    server_ = std::make_unique<Server>(context_, *own_);
    auto listening = server_->listen(context_.config.lan_listen, context_.config.port);
    if (!listening && listening.error().code == Code::conflict) // another program's; ours is told
        listening = server_->listen(context_.config.lan_listen, 0);
    if (!listening) {
        log_warning("lan_not_served", "reason", listening.error().message);
        server_.reset();
        own_.reset();
        return election_.failed(context_.clock.steady_ms());
    }
    tasks_.spawn(keep_serving());
    announce();
}

Task<> Links::keep_serving() {
    auto serving = server_->run();
    co_await std::move(serving);
    server_.reset();
    own_.reset();
    changed_.notify();
}

void Links::announce() {
    announced_ms_ = context_.clock.steady_ms();
    context_.vicinity->announce(
        server_->port(),
        mesh::make_beacon(member_.keyring(), context_.random, context_.clock.wall_ms()));
}

void Links::network_changed() {
    cloud_.network_changed();
    neighbours_.wake();
}

void Links::pass_on(const sync::Delta& delta, const Uplink* from) {
    if (from != &cloud_) cloud_.changed(delta);
    neighbours_.pass_on(delta, from);
    if (server_) server_->changed(delta);
}

void Links::changed(const sync::Delta& delta) { pass_on(delta, nullptr); }

void Links::resync() {
    cloud_.resync();
    neighbours_.resync();
}

const sync::Session* Links::session() const {
    if (const sync::Session* session = cloud_.session()) return session;
    const auto connected = neighbours_.connected();
    return connected.empty() ? nullptr : connected.front()->session();
}

} // namespace envmesh::node
