// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

Object describe(const api::Peers::Peer& peer) {
    Object out{{"device", peer.device},
               {"name", peer.name},
               {"role", peer.role},
               {"online", peer.online},
               {"self", peer.self},
               {"rtt_ms", nullptr},
               {"last_seen", time_or_null(peer.last_seen_ms)}};
    if (peer.rtt_ms) out[5].value = *peer.rtt_ms;
    if (!peer.mesh.empty()) out.push_back({"mesh", peer.mesh});
    return out;
}

std::vector<std::string> row(const api::Peers::Peer& peer) {
    const std::string rtt = peer.rtt_ms ? std::to_string(*peer.rtt_ms) + " ms" : "";
    const std::string seen = peer.last_seen_ms ? rfc3339(*peer.last_seen_ms) : "";
    const std::string state = peer.self ? "this machine" : peer.online ? "online" : "offline";
    return {peer.name, peer.device, peer.role, state, rtt, seen, peer.mesh};
}

} // namespace

Exit peers(Context& context, const NoOptions&) {
    const auto reply = context.ask(api::Peers());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (const auto& peer : reply->peers)
            all.push_back(describe(peer));
        context.out.array(all);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{
        {"NAME", "DEVICE", "ROLE", "STATE", "RTT", "LAST SEEN", ""}};
    for (const auto& peer : reply->peers)
        rows.push_back(row(peer));
    context.out.table(rows);
    return 0;
}

} // namespace envmesh::cli
