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
               {"last_seen", time_or_null(peer.last_seen_ms)},
               {"link", peer.link},
               {"address", peer.address},
               {"serves", peer.serves}};
    if (peer.rtt_ms) out[5].value = *peer.rtt_ms;
    if (!peer.mesh.empty()) out.push_back({"mesh", peer.mesh});
    return out;
}

std::vector<std::string> row(const api::Peers::Peer& peer) {
    const std::string rtt = peer.rtt_ms ? std::to_string(*peer.rtt_ms) + " ms" : "";
    const std::string seen = peer.last_seen_ms ? rfc3339(*peer.last_seen_ms) : "";
    std::string state = peer.self ? "this machine" : peer.online ? "online" : "offline";
    if (peer.serves) state += ", serves";
    return {peer.name,    peer.device, peer.role, state,    peer.link,
            peer.address, rtt,         seen,      peer.mesh};
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

Object describe(const api::Probe::Reply& reply) {
    std::vector<Object> interfaces, found;
    for (const auto& one : reply.interfaces)
        interfaces.push_back({{"name", one.name},
                              {"mdns", one.mdns},
                              {"broadcast", one.broadcast},
                              {"heard", one.heard}});
    for (const auto& one : reply.found)
        found.push_back({{"instance", one.instance},
                         {"way", one.way},
                         {"addresses", one.addresses},
                         {"port", std::uint64_t{one.port}},
                         {"device", one.device},
                         {"name", one.name},
                         {"state", one.state}});
    return {{"responder", reply.responder},
            {"announced", reply.announced},
            {"interfaces", interfaces},
            {"found", found}};
}

void show(Output& out, const api::Probe::Reply& reply) {
    out.line("mDNS is spoken by " + printable(reply.responder) +
             (reply.announced.empty() ? "; this machine announces nothing"
                                      : "; this machine is announced as " + reply.announced));
    std::vector<std::vector<std::string>> rows{{"INTERFACE", "MDNS", "BROADCAST", "HEARD"}};
    for (const auto& one : reply.interfaces)
        rows.push_back({one.name, one.mdns, one.broadcast, std::to_string(one.heard)});
    out.table(rows);
    if (reply.found.empty()) return out.line("no server answered");
    rows = {{"SERVER", "NAME", "ADDRESSES", "PORT", "BY", "STATE"}};
    for (const auto& one : reply.found)
        rows.push_back({one.instance, one.name, joined(one.addresses), std::to_string(one.port),
                        one.way, one.state});
    out.table(rows);
}

Exit probe(Context& context) {
    const auto reply = context.ask(api::Probe());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json())
        context.out.object(describe(*reply));
    else
        show(context.out, *reply);
    return 0;
}

} // namespace

Exit peers(Context& context, const PeersOptions& options) {
    if (options.probe) return probe(context);
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
        {"NAME", "DEVICE", "ROLE", "STATE", "LINK", "ADDRESS", "RTT", "LAST SEEN", ""}};
    for (const auto& peer : reply->peers)
        rows.push_back(row(peer));
    context.out.table(rows);
    return 0;
}

} // namespace envmesh::cli
