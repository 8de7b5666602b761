// SPDX-License-Identifier: MIT
#include "core/node/server_state.h"

#include "core/base/log.h"
#include "core/crypto/vault.h"

namespace envmesh::node {
namespace {

constexpr std::string_view setting_seed = "server.ed_seed";
constexpr std::string_view setting_x = "server.x_secret";

Result<crypto::Identity> load_or_make(storage::Settings& settings, storage::Database& database,
                                      Random& random) {
    auto seed = settings.get(setting_seed);
    if (!seed) return std::unexpected(seed.error());
    auto x_secret = settings.get(setting_x);
    if (!x_secret) return std::unexpected(x_secret.error());
    if (*seed && *x_secret)
        return crypto::Identity::restore((*seed)->reveal(), (*x_secret)->reveal());
    crypto::Identity identity = crypto::Identity::create(random);
    auto stored = database.transaction([&]() -> Result<> {
        if (auto put = settings.put(setting_seed, identity.ed_seed().reveal()); !put) return put;
        return settings.put(setting_x, identity.x_secret().reveal());
    });
    if (!stored) return std::unexpected(stored.error());
    return identity;
}

// After a failed fsync a trial reads the whole database, so guests cannot have one at will.
constexpr std::int64_t between_recoveries_ms = 5'000;

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

} // namespace

Result<Server::Identified> Server::identify(Context& context, const Key& vault_key) {
    auto database =
        storage::Database::open(context.home.path(database_file), crypto::database_key(vault_key));
    if (!database) return std::unexpected(database.error());
    storage::Settings settings(**database);
    auto identity = load_or_make(settings, **database, context.random);
    if (!identity) return std::unexpected(identity.error());
    return Identified{std::move(*database), std::move(*identity)};
}

Server::Server(Context& context, Identified identified, std::string token)
    : context_(context), database_(std::move(identified.database)),
      identity_(std::move(identified.identity)), token_(std::move(token)), meshes_(*database_),
      next_expiry_(context.executor), tasks_(context.executor) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(Context& context, const Key& vault_key,
                                             std::string token) {
    auto identified = identify(context, vault_key);
    if (!identified) return std::unexpected(identified.error());
    std::unique_ptr<Server> server(new Server(context, std::move(*identified), std::move(token)));
    if (auto loaded = server->load_meshes(); !loaded) return std::unexpected(loaded.error());
    return server;
}

Result<> Server::load_meshes() {
    auto rows = meshes_.all();
    if (!rows) return std::unexpected(rows.error());
    for (const auto& [row, mesh_id] : *rows) {
        auto entries = meshes_.chain(row);
        if (!entries) return std::unexpected(entries.error());
        auto chain = mesh::Chain::verify(*entries);
        if (!chain) return std::unexpected(chain.error());
        hosted_[mesh_id] = std::make_unique<Hosted>(context_, *database_, row, std::move(*chain));
    }
    log_info("meshes_loaded", "count", rows->size());
    return {};
}

Server::Hosted* Server::find(const mesh::MeshId& mesh) {
    const auto found = hosted_.find(mesh);
    return found == hosted_.end() ? nullptr : found->second.get();
}

bool Server::may_create(std::string_view token) const {
    switch (context_.config.new_meshes) {
    case config::NewMeshes::open: return true;
    case config::NewMeshes::closed: return false;
    case config::NewMeshes::by_listener:
        if (is_loopback(context_.config.listen)) return true;
        break;
    case config::NewMeshes::token: break;
    }
    return !token_.empty() && crypto::equal(view(token), view(token_));
}

std::optional<Error> Server::objection(const mesh::Chain& chain) {
    const config::Config& config = context_.config;
    if (find(chain.mesh_id()) == nullptr && hosted_.size() >= config.max_meshes) {
        log_warning("mesh_refused", "server.max_meshes", config.max_meshes);
        return Error{Code::denied, "This server has as many meshes as it takes.",
                     "Ask its owner for room, or use another server."};
    }
    if (size_of(chain) >= config.quota_bytes) {
        log_warning("chain_refused", "server.quota_bytes", config.quota_bytes);
        return Error{Code::denied, "The member list is over the mesh's quota on this server.",
                     "Ask its owner for a larger quota, or use another server."};
    }
    return std::nullopt;
}

Result<Server::Hosted*> Server::host(mesh::Chain chain) {
    Hosted* existing = find(chain.mesh_id());
    std::vector<Bytes> entries;
    for (const mesh::Entry& entry : chain.entries())
        entries.push_back(entry.encoded);
    storage::MeshRow row = existing != nullptr ? existing->row : 0;
    auto stored = database_->transaction([&]() -> Result<> {
        if (existing == nullptr) {
            auto added = meshes_.add(chain.mesh_id());
            if (!added) return std::unexpected(added.error());
            row = *added;
        }
        if (auto put = meshes_.put_chain(row, 0, entries); !put) return put;
        return existing != nullptr ? existing->cells.inbox_clear_all() : Result<>{};
    });
    if (!stored) return std::unexpected(stored.error());
    log_info("chain_stored", "mesh", hex(chain.mesh_id()).substr(0, 8), "height", chain.height());
    if (existing != nullptr) {
        existing->chain = std::move(chain);
        return existing;
    }
    const mesh::MeshId mesh_id = chain.mesh_id();
    auto& slot = hosted_[mesh_id];
    slot = std::make_unique<Hosted>(context_, *database_, row, std::move(chain));
    return slot.get();
}

void Server::recover() {
    const std::int64_t now = context_.clock.steady_ms();
    if (!database_->degraded() || now < recover_not_before_ms_) return;
    recover_not_before_ms_ = now + between_recoveries_ms;
    if (auto done = database_->recover(); !done)
        return log_warning("storage_not_recovered", "reason", done.error().message);
    log_info("storage_recovered");
}

Result<> Server::listen() {
    net::Listener::Limits limits;
    limits.timeouts = context_.timeouts;
    auto listener = net::Listener::open(context_.executor, context_.config.listen,
                                        context_.config.port, limits);
    if (!listener) return std::unexpected(listener.error());
    listener_ = std::move(*listener);
    log_info("listening", "address", context_.config.listen, "port", listener_->port(), "key",
             crypto::server_fingerprint(keys().ed_pk));
    return {};
}

Task<> Server::run() {
    tasks_.spawn(expire_mail());
    while (!stopping_) {
        auto accepting = listener_->accept();
        auto link = co_await std::move(accepting);
        if (!link) break; // only when the listener is closed
        tasks_.spawn(serve(std::move(*link)));
    }
    for (const auto& [key, link] : links_)
        link->close();
    auto joined = tasks_.join();
    co_await std::move(joined);
    auto ended = listener_->join();
    co_await std::move(ended);
}

void Server::stop() {
    stopping_ = true;
    next_expiry_.cancel();
    if (listener_) listener_->close();
    for (const auto& [key, link] : links_)
        link->close();
}

std::uint16_t Server::port() const { return listener_ ? listener_->port() : 0; }

std::size_t Server::devices_online() const { return guests_.size(); }

std::vector<api::Peers::Peer> Server::peers() const {
    std::vector<api::Peers::Peer> peers;
    for (const auto& [mesh_id, hosted] : hosted_)
        for (const auto& [device, member] : hosted->chain.members()) {
            if (member.removed) continue;
            api::Peers::Peer peer;
            peer.device = hex(device);
            peer.role = mesh::role_name(member.role);
            peer.mesh = hex(mesh_id).substr(0, 8);
            const auto seen = hosted->presences.find(device);
            if (seen != hosted->presences.end()) {
                peer.online = seen->second.online;
                peer.last_seen_ms = seen->second.last_seen_ms;
            }
            peers.push_back(std::move(peer));
        }
    return peers;
}

} // namespace envmesh::node
