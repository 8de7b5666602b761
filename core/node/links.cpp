// SPDX-License-Identifier: MIT
#include "core/node/links.h"

#include "core/base/log.h"

#include <algorithm>
#include <array>

namespace envmesh::node {
namespace {

constexpr std::int64_t look_at_least_ms = 5'000;
constexpr std::int64_t look_at_most_ms = 100; // unless something has changed

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
              [this] { hooks_.changed(); }}),
      cloud_setting_(member.server()),
      neighbours_(context, member,
                  {[this](const sync::Delta& delta, const Uplink& from) {
                       pass_on(delta, &from);
                       hooks_.applied(delta);
                   },
                   [this](const mesh::MailMessage& mail) { hooks_.mail(mail); },
                   [this] {
                       changed_.notify();
                       hooks_.changed();
                   }}),
      health_(context.random), election_(member.identity().id(), context.random),
      tier_since_ms_(context.clock.wall_ms()), changed_(context.executor),
      tasks_(context.executor) {}

Links::~Links() = default;

Task<> Links::run() {
    tasks_.spawn(cloud_.run());
    follow_lan();
    while (!stopping_) {
        look();
        const std::int64_t now = context_.clock.steady_ms();
        std::int64_t next = now + look_at_least_ms;
        for (const auto& at : {election_.next(), health_.steady_at()})
            if (at) next = std::min(next, std::max(*at, now + look_at_most_ms));
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

void Links::follow_lan() {
    const config::Config& config = context_.config;
    if (!config.enable_lan) {
        if (context_.vicinity != nullptr) context_.vicinity->leave();
        return neighbours_.pause();
    }
    neighbours_.resume();
    neighbours_.configure(config.lan_servers);
    if (context_.vicinity == nullptr) return;
    context_.vicinity->watch({[this](Sighting sighting) { neighbours_.found(std::move(sighting)); },
                              [this](const std::string& instance) { neighbours_.lost(instance); }});
    if (server_) announce();
}

void Links::reconfigure() {
    if (stopping_) return;
    if (ServerSetting wanted = member_.server(); wanted != cloud_setting_) {
        cloud_setting_ = std::move(wanted);
        cloud_.redial();
    }
    follow_lan();
    if (server_ && listening_ != std::pair(context_.config.lan_listen, context_.config.port))
        server_->stop(); // and then begins again
    if (!std::exchange(cannot_listen_, {}).empty()) election_.try_again();
    changed_.notify();
}

void Links::look() {
    const std::int64_t now = context_.clock.steady_ms();
    const bool lost_cloud = health_.up() && !cloud_.is_connected();
    health_.update(cloud_.is_connected(), now);
    const std::int64_t day = mesh::beacon_day(context_.clock.wall_ms());
    if (std::exchange(seen_on_, day) != day && context_.config.enable_lan && context_.vicinity)
        context_.vicinity->seek();
    if (lost_cloud && context_.config.enable_lan) {
        neighbours_.wake();
        if (context_.vicinity != nullptr) context_.vicinity->seek();
    }
    election_.update({!reason_not_to_serve(), cloud_.is_connected(), health_.steady(now),
                      neighbours_.lowest(), neighbours_.has_fresh(now)},
                     now);
    if (election_.serving() && !server_) serve();
    if (!election_.serving() && server_) {
        context_.vicinity->withdraw();
        server_->stop();
    }
    if (server_ && announced_day_ != mesh::beacon_day(context_.clock.wall_ms())) announce();
    neighbours_.look();
    const Tier tier = seen_tier(now);
    if (tier != std::exchange(tier_, tier)) tier_since_ms_ = context_.clock.wall_ms();
    tell(now);
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

void Links::tell(std::int64_t now_ms) {
    const bool changing = election_.next().has_value();
    tell("health", !health_.up() ? "down" : health_.steady(now_ms) ? "steady" : "up", told_.health);
    tell("election",
         election_.serving() ? (changing ? "yielding" : "serving")
                             : (changing ? "standing" : "idle"),
         told_.election);
    tell("role", server_ ? "serving" : "client", told_.role);
    tell("link", tier_name(tier_), told_.tier);
}

void Links::tell(const char* event, std::string_view state, std::string& told) {
    if (told == state) return;
    told = state;
    log_info(event, "is", state);
    context_.publish({event, told, tier_reason(), {}, {}});
    hooks_.changed();
}

std::string Links::tier_reason() const {
    if (tier_ == Tier::cloud) return {};
    const std::string cloud = cloud_.is_connected()
                                  ? "the cloud is back, but not yet for long enough"
                                  : "no cloud: " + cloud_.reason();
    const auto server = neighbours_.lowest(); // what is shown may lag behind what is up
    if (tier_ == Tier::serving)
        return cloud + (server ? "; " + member_.name_of(*server) + " serves too, and one will yield"
                               : "; no other server was found on the local network");
    if (server) return cloud + "; " + member_.name_of(*server) + " serves the local network";
    auto why_not = reason_not_to_serve();
    if (!why_not && !cannot_listen_.empty()) why_not = cannot_listen_;
    return cloud + "; no server was found on the local network" +
           (why_not ? ", and this machine does not serve: " + *why_not : "");
}

std::optional<std::string> Links::reason_not_to_serve() const {
    const config::Config& config = context_.config;
    if (!config.enable_lan) return "client.enable_lan is false";
    if (config.mode == config::Mode::client_only) return "server.mode is client-only";
    if (config.lan_listen.empty()) return "server.lan_listen is empty";
    if (context_.vicinity == nullptr || stopping_) return "it cannot be found";
    if (member_.database().degraded()) return "its disk is full or failing";
    return std::nullopt;
}

// "::" fails where there is no IPv6. A port in use is another program's, or another node's of this
// computer; which one it is, is announced.
Result<> Links::listen() {
    listening_ = {context_.config.lan_listen, context_.config.port};
    auto [address, port] = listening_;
    auto listening = server_->listen(address, port);
    if (!listening && address == "::" && listening.error().code == Code::invalid) {
        address = "0.0.0.0";
        listening = server_->listen(address, port);
    }
    if (!listening && listening.error().code == Code::conflict)
        listening = server_->listen(address, 0);
    return listening;
}

void Links::serve() {
    own_ = std::make_unique<OwnMesh>(member_, [this](const sync::Delta& delta) {
        cloud_.changed(delta);
        neighbours_.pass_on(delta);
        hooks_.applied(delta);
    });
    server_ = std::make_unique<Server>(context_, *own_, [this](mesh::MailMessage mail) {
        tasks_.spawn(deliver(std::move(mail)));
    });
    if (auto listening = listen(); !listening) {
        cannot_listen_ = listening.error().message;
        log_warning("lan_not_served", "reason", cannot_listen_);
        server_.reset();
        own_.reset();
        return election_.failed(context_.clock.steady_ms());
    }
    cannot_listen_.clear();
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
    const std::int64_t now = context_.clock.wall_ms();
    announced_day_ = mesh::beacon_day(now);
    context_.vicinity->announce(server_->port(),
                                mesh::make_beacon(member_.keyring(), context_.random, now));
}

/// In a turn of its own: whoever sent something is not called back while it does.
Task<> Links::deliver(mesh::MailMessage mail) {
    auto turn = sleep_for(std::chrono::milliseconds(0));
    co_await std::move(turn);
    hooks_.mail(mail);
}

void Links::network_changed() {
    cloud_.network_changed();
    neighbours_.wake();
    if (context_.vicinity != nullptr && context_.config.enable_lan) context_.vicinity->seek();
    changed_.notify(); // the day may be another one
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

Result<Links::PostOffice> Links::post_office() const {
    if (cloud_.is_connected()) {
        auto url = net::Url::parse(cloud_setting_.url);
        if (!url) return std::unexpected(url.error());
        return PostOffice{cloud_.server(), url->authority()};
    }
    if (server_) return PostOffice{server_->keys(), {}}; // it is on each of our networks
    std::optional<crypto::PublicIdentity> lowest;
    for (const Uplink* one : neighbours_.connected())
        if (!lowest || one->server_id() < lowest->id()) lowest = one->server();
    if (lowest) return PostOffice{*lowest, {}};
    return fail(Code::unreachable, "there is no connection to a server: " + tier_reason(),
                "an invitation travels through a server; `envmesh-cli status` tells more");
}

bool Links::reaches(const crypto::DeviceId& post_office) const {
    const auto leads_there = [&](const Uplink* one) { return one->server_id() == post_office; };
    return (server_ && server_->keys().id() == post_office) ||
           (cloud_.is_connected() && leads_there(&cloud_)) ||
           std::ranges::any_of(neighbours_.connected(), leads_there);
}

Result<> Links::send(const crypto::DeviceId& post_office, const mesh::MailMessage& message) {
    if (server_ && server_->keys().id() == post_office) return server_->send_own(message);
    if (cloud_.is_connected() && cloud_.server_id() == post_office) return cloud_.send(message);
    for (Uplink* one : neighbours_.connected())
        if (one->server_id() == post_office) return one->send(message);
    return fail(Code::unreachable, "the server that carries the invitation is not connected",
                "`envmesh-cli status` tells more");
}

bool Links::has_sent_all() const {
    return cloud_.has_sent_all() && std::ranges::all_of(neighbours_.connected(), [](auto* one) {
               return one->has_sent_all();
           });
}

const Presences& Links::guests() const {
    static const Presences nobody;
    return own_ ? own_->all().front()->presences : nobody;
}

const sync::Session* Links::session() const {
    if (const sync::Session* session = cloud_.session()) return session;
    const auto connected = neighbours_.connected();
    return connected.empty() ? nullptr : connected.front()->session();
}

} // namespace envmesh::node
