// SPDX-License-Identifier: MIT
#include "core/node/server.h"

#include "core/base/log.h"

namespace envmesh::node {

Server::Server(Context& context, Hosting& hosting, std::function<void(mesh::MailMessage)> own_mail)
    : context_(context), hosting_(hosting), own_mail_(std::move(own_mail)),
      next_expiry_(context.executor), tasks_(context.executor) {}

Server::~Server() = default;

Result<> Server::listen(const std::string& address, std::uint16_t port) {
    net::Listener::Limits limits;
    limits.timeouts = context_.timeouts;
    auto listener = net::Listener::open(context_.executor, address, port, limits);
    if (!listener) return std::unexpected(listener.error());
    listener_ = std::move(*listener);
    log_info("listening", "address", address, "port", listener_->port(), "key",
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

std::vector<api::Peers::Peer> Server::peers() const {
    std::vector<api::Peers::Peer> peers;
    for (const Hosted* hosted : hosting_.all())
        for (const auto& [device, member] : hosted->chain.members()) {
            if (member.removed) continue;
            api::Peers::Peer peer;
            peer.device = hex(device);
            peer.role = mesh::role_name(member.role);
            peer.mesh = hex(hosted->chain.mesh_id()).substr(0, 8);
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
