// SPDX-License-Identifier: MIT
#include "core/node/blind_meshes.h"
#include "core/node/vault.h"
#include "daemon/daemon.h"
#include "daemon/surroundings.h"

namespace envmesh::daemon {
namespace {

constexpr auto patience_with_daemon = std::chrono::seconds(5);

// What `read` finds, or else what `make` makes. Two processes that make it at once would mix their
// files: it is made under the lock, by this command or by the daemon that holds it.
template <class Read, class Make>
Result<std::string> read_or_make(const config::Config& config, const platform::Paths& paths,
                                 Read read, Make make) {
    auto attempt = [&]() -> Result<std::string> {
        auto found = read();
        if (!found) return std::unexpected(found.error());
        if (*found) return std::move(**found);
        if (!config.is_cloud_server())
            return fail(Code::usage, "this configuration is not a cloud server's",
                        "use --config with mode = \"server-preferred\", enable_cloud = false and "
                        "enable_lan = false");
        auto lock = take_lock(paths);
        if (!lock) return std::unexpected(lock.error());
        return make();
    };
    auto made = insist(patience_with_daemon, attempt);
    if (made || made.error().code != Code::conflict) return made;
    return fail(Code::conflict,
                "the daemon that runs in " + paths.data.string() +
                    " is no cloud server, or cannot start as one",
                "see its log, or stop it with: envmesh-cli shutdown");
}

Result<std::string> make_server_key(node::Context& context) {
    auto key = node::open_or_make_server_vault(context);
    if (!key) return std::unexpected(key.error());
    auto identified = node::BlindMeshes::identify(context, *key);
    if (!identified) return std::unexpected(identified.error());
    const crypto::PublicIdentity& keys = identified->identity.public_identity();
    if (auto stored = node::store_public_key(context, keys); !stored)
        return std::unexpected(stored.error());
    return crypto::server_fingerprint(keys.ed_pk);
}

Result<std::optional<std::string>> read_server_key(node::Context& context) {
    auto known = node::read_public_key(context);
    if (!known) return std::unexpected(known.error());
    if (!*known) return std::optional<std::string>();
    return std::optional(crypto::server_fingerprint(**known));
}

} // namespace

Result<std::string> server_key(const config::Config& config, const platform::Paths& paths) {
    auto folder = DataFolder::open(paths.data);
    if (!folder) return std::unexpected(folder.error());
    Surroundings around(config, std::move(*folder));
    return read_or_make(
        config, paths, [&around] { return read_server_key(around.context); },
        [&around] { return make_server_key(around.context); });
}

Result<std::string> join_token(const config::Config& config, const platform::Paths& paths) {
    auto folder = DataFolder::open(paths.data);
    if (!folder) return std::unexpected(folder.error());
    Surroundings around(config, std::move(*folder));
    return read_or_make(
        config, paths, [&around] { return node::read_token(around.context); },
        [&around] { return node::read_or_make_token(around.context); });
}

} // namespace envmesh::daemon
