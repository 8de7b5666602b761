// SPDX-License-Identifier: MIT
#include "core/node/blind_meshes.h"

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

std::uint64_t size_of(const mesh::Chain& chain) {
    std::uint64_t bytes = 0;
    for (const mesh::Entry& entry : chain.entries())
        bytes += entry.encoded.size();
    return bytes;
}

} // namespace

struct BlindMeshes::Mesh {
    Mesh(Context& context, storage::Database& database, storage::MeshRow mesh_row,
         mesh::Chain verified)
        : row(mesh_row), chain(std::move(verified)),
          cells(database, mesh_row, context.clock, false), authority(chain),
          replica(cells, authority, context.clock, context.random, std::nullopt),
          sessions(context.executor), hosted{chain, authority, replica, sessions, {}, {}} {}

    storage::MeshRow row;
    mesh::Chain chain;
    storage::CellStore cells;
    sync::ServerAuthority authority;
    sync::Replica replica;
    Sessions sessions;
    Hosted hosted;
};

Result<BlindMeshes::Identified> BlindMeshes::identify(Context& context, const Key& vault_key) {
    auto database =
        storage::Database::open(context.home.path(database_file), crypto::database_key(vault_key));
    if (!database) return std::unexpected(database.error());
    storage::Settings settings(**database);
    auto identity = load_or_make(settings, **database, context.random);
    if (!identity) return std::unexpected(identity.error());
    return Identified{std::move(*database), std::move(*identity)};
}

BlindMeshes::BlindMeshes(Context& context, Identified identified, std::string token)
    : context_(context), database_(std::move(identified.database)),
      identity_(std::move(identified.identity)), token_(std::move(token)), rows_(*database_) {}

BlindMeshes::~BlindMeshes() = default;

Result<std::unique_ptr<BlindMeshes>> BlindMeshes::open(Context& context, const Key& vault_key,
                                                       std::string token) {
    auto identified = identify(context, vault_key);
    if (!identified) return std::unexpected(identified.error());
    std::unique_ptr<BlindMeshes> meshes(
        new BlindMeshes(context, std::move(*identified), std::move(token)));
    if (auto loaded = meshes->load(); !loaded) return std::unexpected(loaded.error());
    return meshes;
}

Result<> BlindMeshes::load() {
    auto rows = rows_.all();
    if (!rows) return std::unexpected(rows.error());
    for (const auto& [row, mesh_id] : *rows) {
        auto entries = rows_.chain(row);
        if (!entries) return std::unexpected(entries.error());
        auto chain = mesh::Chain::verify(*entries);
        if (!chain) return std::unexpected(chain.error());
        meshes_[mesh_id] = std::make_unique<Mesh>(context_, *database_, row, std::move(*chain));
    }
    log_info("meshes_loaded", "count", rows->size());
    return {};
}

Hosted* BlindMeshes::find(const mesh::MeshId& mesh) {
    const auto found = meshes_.find(mesh);
    return found == meshes_.end() ? nullptr : &found->second->hosted;
}

std::vector<Hosted*> BlindMeshes::all() {
    std::vector<Hosted*> out;
    for (const auto& [mesh_id, mesh] : meshes_)
        out.push_back(&mesh->hosted);
    return out;
}

bool BlindMeshes::may_create(std::string_view token) const {
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

std::optional<Error> BlindMeshes::objection(const mesh::Chain& chain) {
    const config::Config& config = context_.config;
    if (find(chain.mesh_id()) == nullptr && meshes_.size() >= config.max_meshes) {
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

Result<Hosted*> BlindMeshes::store(mesh::Chain chain) {
    const auto found = meshes_.find(chain.mesh_id());
    Mesh* existing = found == meshes_.end() ? nullptr : found->second.get();
    std::vector<Bytes> entries;
    for (const mesh::Entry& entry : chain.entries())
        entries.push_back(entry.encoded);
    storage::MeshRow row = existing != nullptr ? existing->row : 0;
    auto stored = database_->transaction([&]() -> Result<> {
        if (existing == nullptr) {
            auto added = rows_.add(chain.mesh_id());
            if (!added) return std::unexpected(added.error());
            row = *added;
        }
        if (auto put = rows_.put_chain(row, 0, entries); !put) return put;
        return existing != nullptr ? existing->cells.inbox_clear_all() : Result<>{};
    });
    if (!stored) return std::unexpected(stored.error());
    log_info("chain_stored", "mesh", hex(chain.mesh_id()).substr(0, 8), "height", chain.height());
    if (existing != nullptr) {
        existing->chain = std::move(chain);
        return &existing->hosted;
    }
    const mesh::MeshId mesh_id = chain.mesh_id();
    auto& slot = meshes_[mesh_id];
    slot = std::make_unique<Mesh>(context_, *database_, row, std::move(chain));
    return &slot->hosted;
}

sync::Session::Limits BlindMeshes::limits(const Hosted& hosted) const {
    sync::Session::Limits limits;
    limits.quota_cells = context_.config.quota_cells;
    // The member list counts as well. 0 would be no limit.
    const std::uint64_t quota = context_.config.quota_bytes;
    limits.quota_bytes = quota - std::min(quota - 1, size_of(hosted.chain));
    return limits;
}

void BlindMeshes::recover() {
    const std::int64_t now = context_.clock.steady_ms();
    if (!database_->degraded() || now < recover_not_before_ms_) return;
    recover_not_before_ms_ = now + between_recoveries_ms;
    if (auto done = database_->recover(); !done)
        return log_warning("storage_not_recovered", "reason", done.error().message);
    log_info("storage_recovered");
}

} // namespace envmesh::node
