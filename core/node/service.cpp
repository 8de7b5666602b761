// SPDX-License-Identifier: MIT
#include "core/node/service.h"

#include "core/base/log.h"
#include "core/node/call.h"

#include <algorithm>

namespace envmesh::node {

Service::Service(Context& context, std::function<void()> shutdown)
    : context_(context), shutdown_(std::move(shutdown)),
      variables_(context, {[this] { return unlocked(); },
                           [this](const sync::Delta& delta) {
                               links_->changed(delta);
                               applied(delta);
                           }}),
      changed_(context.executor), tasks_(context.executor), lockings_(context.executor) {}

Service::~Service() = default;

Result<> Service::start() {
    if (!context_.config.is_cloud_server()) {
        auto exists = has_vault(context_);
        if (!exists) return std::unexpected(exists.error());
        has_vault_ = *exists;
        return {};
    }
    auto key = open_or_make_server_vault(context_);
    if (!key) return std::unexpected(key.error());
    auto token = read_or_make_token(context_);
    if (!token) return std::unexpected(token.error());
    auto meshes = BlindMeshes::open(context_, *key, std::move(*token));
    if (!meshes) return std::unexpected(meshes.error());
    auto server = std::make_unique<Server>(context_, **meshes);
    const config::Config& config = context_.config;
    if (auto listening = server->listen(config.listen, config.port); !listening) return listening;
    if (auto stored = store_public_key(context_, server->keys()); !stored) return stored;
    meshes_ = std::move(*meshes);
    server_ = std::move(server);
    tasks_.spawn(server_->run());
    return {};
}

Task<> Service::stop() {
    stopping_ = true;
    stop_asking();
    if (server_) server_->stop();
    if (joining_) joining_->stop();
    auto locking = lock_for("stop");
    co_await std::move(locking);
    auto locked = lockings_.join();
    co_await std::move(locked);
    auto joined = tasks_.join();
    co_await std::move(joined);
    while (calls_ > 0) {
        auto waiting = sleep_for(std::chrono::milliseconds(1));
        co_await std::move(waiting);
    }
    joining_.reset();
    server_.reset();
    meshes_.reset();
}

std::vector<api::Export::Item> Service::injection() {
    auto member = unlocked();
    if (!member) return {};
    auto injected = (*member)->variables().injection();
    if (injected) return std::move(injected->items);
    log_warning("not_injected", "reason", injected.error().message);
    return {};
}

void Service::network_changed() {
    if (links_) links_->network_changed();
}

void Service::withdraw_invitation() {
    if (!invitation_) return;
    invitation_->withdraw();
    withdrawn_.push_back(std::move(invitation_));
}

void Service::drop_unused_invitations() {
    std::erase_if(withdrawn_, [](const auto& invitation) { return !invitation->is_in_use(); });
}

void Service::tick() {
    drop_unused_invitations();
    if (meshes_) meshes_->recover();
    if (!member_ || changing_) return;
    lockings_.spawn(lock_idle());
    if (member_->database().degraded() && member_->database().recover())
        context_.publish({"lock", "unlocked", {}, {}, {}});
    // Pushes are not compared, and after a refusal for want of room nothing is pushed any more.
    constexpr int ticks_between_rounds = 30;
    const sync::Session* session = links_ ? links_->session() : nullptr;
    if (session != nullptr && (session->over_quota() || ++ticks_ % ticks_between_rounds == 0))
        links_->resync();
    auto records = member_->replica().reexamine();
    if (!records) return log_warning("reexamine_failed", "reason", records.error().message);
    if (records->empty()) return;
    member_->variables().read_ahead();
    context_.publish({"variables-changed", "many", {}, {}, {}});
}

std::string Service::version() const { return ENVMESH_VERSION; }

template <class Call>
Task<Result<api::Reply>> Service::answer(Call call, ClientId client) {
    const auto encoded = [](auto reply) -> Result<api::Reply> {
        if (!reply) return std::unexpected(reply.error());
        return api::Reply(std::move(*reply));
    };
    if constexpr (requires { variables_.on(std::move(call)); }) {
        used_ms_ = context_.clock.steady_ms();
        co_return encoded(variables_.on(std::move(call)));
    } else {
        auto working = on(std::move(call), client);
        auto reply = co_await std::move(working);
        co_return encoded(std::move(reply));
    }
}

// A call whose front end has left is cancelled. That cuts its waits short, but it runs to its end:
// else a lock or an init would stay half done for ever, and what it waits for would outlive what it
// refers to.
Task<Result<api::Reply>> Service::handle(api::Request request, ClientId client) {
    auto stay = asio::this_coro::throw_if_cancelled(false);
    co_await stay;
    const Use use(calls_);
    auto dispatch = [this, client](auto& call) { return answer(std::move(call), client); };
    auto answering = std::visit(dispatch, request);
    co_return co_await std::move(answering);
}

void Service::leaving(ClientId client) {
    if (asking_client_ == client) stop_asking(); // nobody waits for the answer any more
}

void Service::disconnected(ClientId client) {
    if (inviting_ == client) withdraw_invitation();
    if (joining_ && joining_client_ == client) joining_->abandon();
    drop_finished_joining();
}

void Service::drop_finished_joining() {
    if (joining_ && joining_->may_be_replaced()) joining_.reset();
}

Result<Member*> Service::unlocked() {
    if (server_)
        return fail(Code::denied, "this is a blind server: it cannot read any variable",
                    "ask on a machine that has joined the mesh");
    if (member_ && !changing_) return member_.get();
    if (has_vault_ || member_)
        return fail(Code::locked, "the vault is locked", "run `envmesh-cli unlock`");
    return fail(Code::absent, "there is no vault on this machine",
                "`envmesh-cli init` makes one, `envmesh-cli join` joins an existing mesh");
}

Result<> Service::require_absent() {
    if (server_)
        return fail(Code::denied, "this machine runs as a blind server",
                    "use another ENVMESH_HOME");
    if (stopping_)
        return fail(Code::unreachable, "the daemon is stopping", "try again when it runs");
    if (has_vault_ || member_)
        return fail(Code::denied, "this machine has a vault already",
                    "move its data folder away first, or set ENVMESH_HOME to another");
    if (changing_ || (joining_ && !joining_->may_be_replaced()))
        return fail(Code::conflict, "another init or join is under way", "wait for it to end");
    return {};
}

void Service::applied(const sync::Delta& delta) {
    changed_.notify();
    if (delta.cells.empty()) return;
    member_->variables().read_ahead();
    context_.exports_changed();
    api::Event event{"variables-changed", {}, {}, member_->variables().names_of(delta), {}};
    if (event.names.empty()) event.state = "many";
    context_.publish(event);
}

Task<Result<api::Status::Reply>> Service::on(api::Status, ClientId) {
    api::Status::Reply reply;
    reply.version = ENVMESH_VERSION;
    if (server_) {
        reply.state = meshes_->degraded() ? "degraded" : "unlocked";
        reply.tier = "serving";
        reply.serves = true;
        reply.devices = server_->devices_online();
        co_return reply;
    }
    reply.state = has_vault_ ? "locked" : "absent";
    if (has_vault_ && (!member_ || changing_)) reply.locked_by = locked_by_;
    if (has_vault_ && context_.unheard) reply.unheard = context_.unheard();
    reply.tier = "offline";
    auto member = unlocked();
    if (!member) co_return reply;
    sync::Store& store = (*member)->replica().store();
    auto pending = store.outbox_size();
    auto unreadable = store.count(sync::CellState::unreadable);
    auto held = store.count(sync::CellState::held);
    auto totals = (*member)->variables().totals();
    const bool damaged = !pending || !unreadable || !held || !totals;
    reply.state = damaged || (*member)->database().degraded() ? "degraded" : "unlocked";
    reply.tier = tier_name(links_->tier());
    reply.tier_since_ms = links_->tier_since_ms();
    reply.tier_reason = links_->tier_reason();
    reply.election = links_->election();
    reply.health = links_->health();
    reply.serves = links_->server() != nullptr;
    reply.reason = damaged ? "the database cannot be read" : out_of_step();
    reply.server = (*member)->server().url;
    reply.devices = (*member)->chain().current_members();
    reply.pending = pending.value_or(0);
    reply.undecryptable = unreadable.value_or(0);
    reply.held = held.value_or(0);
    reply.variables = totals ? totals->variables : 0;
    reply.conflicts = totals ? totals->conflicts : 0;
    reply.last_contact_ms = (*member)->last_contact_ms();
    reply.device = hex((*member)->identity().id());
    reply.name = (*member)->name();
    reply.mesh = hex((*member)->chain().mesh_id());
    co_return reply;
}

Task<Result<api::ProbeServer::Reply>> Service::on(api::ProbeServer call, ClientId) {
    auto url = net::Url::parse(call.server);
    if (!url) co_return std::unexpected(url.error());
    sync::ServerPin anyone;
    anyone.any = true;
    auto probing = probe_server(context_, *url, anyone);
    auto facts = co_await std::move(probing);
    if (!facts) co_return std::unexpected(facts.error());
    co_return api::ProbeServer::Reply{crypto::server_fingerprint(facts->keys.ed_pk)};
}

Task<Result<api::Done>> Service::on(api::Shutdown, ClientId) {
    shutdown_();
    co_return api::Done{};
}

Task<Result<api::Done>> Service::on(api::Watch, ClientId) { co_return api::Done{}; }

} // namespace envmesh::node
