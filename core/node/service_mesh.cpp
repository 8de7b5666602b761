// SPDX-License-Identifier: MIT
// The calls about other machines: synchronising, who is there, inviting, joining.
#include "core/node/call.h"
#include "core/node/service.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::uint32_t longest_wait_ms = 25'000;

} // namespace

std::string Service::out_of_step() const {
    if (member_->database().degraded()) return "the disk is full or failing; changes are refused";
    const sync::Session* session = links_->session();
    if (session == nullptr && links_->server() == nullptr) return links_->cloud().reason();
    if (session == nullptr)
        return links_->server()->visitors().empty() ? "no other machine is connected" : "";
    return session->over_quota() ? "the server's quota for this mesh is used up" : "";
}

api::Sync::Reply Service::sync_state() {
    api::Sync::Reply reply;
    sync::Store& store = member_->replica().store();
    reply.pending = store.outbox_size().value_or(0);
    reply.undecryptable = store.count(sync::CellState::unreadable).value_or(0);
    reply.reason = out_of_step();
    const sync::Session* session = links_->session();
    if (session == nullptr) {
        reply.complete = reply.reason.empty() && reply.pending == 0 && reply.undecryptable == 0;
        return reply;
    }
    reply.received = session->counters().received_cells;
    reply.sent = session->counters().sent_cells;
    reply.expected = session->counters().expected_cells;
    reply.complete = !session->over_quota() && session->in_sync() && reply.pending == 0 &&
                     reply.undecryptable == 0;
    if (session->in_sync() && reply.undecryptable > 0)
        reply.reason = std::to_string(reply.undecryptable) + " changes cannot be read here";
    return reply;
}

Task<Result<api::Sync::Reply>> Service::on(api::Sync call, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    const auto asked = co_await asio::this_coro::cancellation_state;
    const std::int64_t until = context_.clock.steady_ms() + std::min(call.wait_ms, longest_wait_ms);
    links_->resync();
    while (true) {
        const api::Sync::Reply state = sync_state();
        const std::int64_t left = until - context_.clock.steady_ms();
        const bool nobody = links_->session() == nullptr &&
                            (links_->server() != nullptr || !context_.config.enable_lan);
        const bool hopeless = nobody && member_->server().url.empty();
        if (state.complete || hopeless || left <= 0 || is_given_up(asked)) co_return state;
        auto waiting = changed_.wait_for(std::chrono::milliseconds(left));
        co_await std::move(waiting);
        if (auto still = unlocked(); !still) co_return std::unexpected(still.error());
    }
}

api::Peers::Peer Service::peer(const mesh::DeviceId& device, const mesh::Member& entry) const {
    api::Peers::Peer out;
    out.device = hex(device);
    out.name = member_->name_of(device);
    out.role = mesh::role_name(entry.role);
    const auto see = [&](const Presences& presences, const char* link) {
        const auto seen = presences.find(device);
        if (seen == presences.end()) return;
        out.online |= seen->second.online;
        out.last_seen_ms = std::max(out.last_seen_ms.value_or(0), seen->second.last_seen_ms);
        if (seen->second.online) out.link = link;
    };
    see(links_->cloud().presences(), "cloud");
    see(links_->guests(), "lan");
    for (const Uplink* one : links_->neighbours().connected()) {
        see(one->presences(), "lan");
        if (one->server_id() == device) {
            out.serves = out.online = true;
            out.link = "lan";
            out.address = one->remote();
            out.rtt_ms = one->rtt_ms();
            out.last_seen_ms = context_.clock.wall_ms();
        }
    }
    if (links_->server() == nullptr) return out;
    for (const Server::Visitor& visitor : links_->server()->visitors())
        if (visitor.device == device) {
            out.address = visitor.remote;
            out.rtt_ms = visitor.rtt_ms;
        }
    return out;
}

Task<Result<api::Peers::Reply>> Service::on(api::Peers, ClientId) {
    if (server_) co_return api::Peers::Reply{server_->peers()};
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    api::Peers::Reply reply;
    for (const auto& [device, entry] : (*member)->chain().members()) {
        if (entry.removed) continue;
        api::Peers::Peer one = peer(device, entry);
        one.self = device == (*member)->identity().id();
        if (one.self) {
            const Uplink& cloud = links_->cloud();
            one.online = links_->tier() != Tier::offline;
            one.link = cloud.is_connected() ? "cloud" : one.online ? "lan" : "";
            one.address = cloud.remote();
            if (cloud.is_connected()) one.rtt_ms = cloud.rtt_ms();
            one.serves = links_->server() != nullptr;
            one.last_seen_ms = (*member)->last_contact_ms();
        }
        reply.peers.push_back(std::move(one));
    }
    co_return reply;
}

Task<Result<api::Devices::Reply>> Service::on(api::Devices, ClientId) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    const mesh::Chain& chain = (*member)->chain();
    api::Devices::Reply reply;
    for (const auto& [device, entry] : chain.members())
        reply.devices.push_back({hex(device), (*member)->name_of(device),
                                 std::string(mesh::role_name(entry.role)),
                                 device == (*member)->identity().id(), entry.removed,
                                 sync::wall_ms_of(chain.entries()[entry.added_at].hlc)});
    co_return reply;
}

Task<Result<api::Invite::Reply>> Service::on(api::Invite call, ClientId client) {
    auto member = unlocked();
    if (!member) co_return std::unexpected(member.error());
    if (invitation_ && inviting_ != client && !invitation_->is_ended())
        co_return fail(Code::conflict, "another invitation is open on this machine",
                       "finish it, or end it with Ctrl-C, first");
    withdraw_invitation();
    auto invitation = Invitation::create(context_, **member, *links_, call);
    if (!invitation) co_return std::unexpected(invitation.error());
    invitation_ = std::move(*invitation);
    inviting_ = client;
    co_return api::Invite::Reply{invitation_->code()};
}

Task<Result<api::InviteWait::Reply>> Service::on(api::InviteWait call, ClientId client) {
    if (!invitation_ || inviting_ != client)
        co_return fail(Code::not_found, "there is no open invitation", "run `envmesh-cli invite`");
    auto waiting =
        invitation_->wait(std::chrono::milliseconds(std::min(call.wait_ms, longest_wait_ms)));
    co_return co_await std::move(waiting);
}

Task<Result<api::InviteAnswer::Reply>> Service::on(api::InviteAnswer call, ClientId client) {
    if (!invitation_ || inviting_ != client)
        co_return fail(Code::not_found, "there is no open invitation", "run `envmesh-cli invite`");
    auto answering = invitation_->answer(call.yes);
    auto answered = co_await std::move(answering);
    if (answered) context_.publish({"device", "added", {}, {}, answered->device});
    co_return answered;
}

Task<Result<api::Join::Reply>> Service::on(api::Join call, ClientId client) {
    if (auto absent = require_absent(); !absent) co_return std::unexpected(absent.error());
    if (auto usable = check_newcomer(call.name, call.password); !usable)
        co_return std::unexpected(usable.error());
    auto code = mesh::InviteCode::parse(call.code);
    if (!code) co_return std::unexpected(code.error());
    Joining::Hooks hooks;
    hooks.joined = [this](std::unique_ptr<Member> member) { begin(std::move(member)); };
    hooks.remaining = [this](const mesh::Head& head) { return remaining(head); };
    hooks.verify = [this](const mesh::Head& head) { return verify(head); };
    joining_ =
        std::make_unique<Joining>(context_, std::move(*code), std::move(call), std::move(hooks));
    joining_client_ = client;
    auto beginning = joining_->begin();
    auto check = co_await std::move(beginning);
    if (!check) co_return std::unexpected(check.error());
    tasks_.spawn(joining_->finish());
    co_return api::Join::Reply{std::move(*check)};
}

std::optional<api::JoinWait::Reply> Service::remaining(const mesh::Head& head) {
    if (!member_ || changing_) return std::nullopt;
    auto versions = member_->replica().store().versions();
    if (!versions) return std::nullopt;
    if (links_->session() != nullptr && links_->session()->in_sync() &&
        mesh::covers(*versions, head.versions))
        return std::nullopt;
    api::JoinWait::Reply reply;
    const api::Sync::Reply state = sync_state();
    reply.received = state.received;
    reply.expected = state.expected;
    reply.reason = state.reason;
    return reply;
}

// A server can leave out older changes and still bring the newest of every device, which is all
// that versions tell. Beyond the head there is nothing to compare with.
Result<> Service::verify(const mesh::Head& head) {
    if (!member_) return {};
    auto versions = member_->replica().store().versions();
    if (!versions) return std::unexpected(versions.error());
    auto digest = member_->replica().store().digest();
    if (!digest) return std::unexpected(digest.error());
    if (*versions != head.versions || *digest == head.digest) return {};
    return fail(Code::denied,
                "this machine has joined, but the server left out variables that the inviting "
                "device has",
                "do not trust this server; ask whoever runs it");
}

Task<Result<api::JoinWait::Reply>> Service::on(api::JoinWait call, ClientId client) {
    if (!joining_ || joining_client_ != client)
        co_return fail(Code::not_found, "no join is under way", "run `envmesh-cli join`");
    auto waiting =
        joining_->wait(std::chrono::milliseconds(std::min(call.wait_ms, longest_wait_ms)));
    co_return co_await std::move(waiting);
}

Task<Result<api::Done>> Service::on(api::JoinConfirm call, ClientId client) {
    if (!joining_ || joining_client_ != client)
        co_return fail(Code::not_found, "no join is under way", "run `envmesh-cli join`");
    auto confirmed = joining_->confirm(call.yes);
    if (!confirmed) co_return std::unexpected(confirmed.error());
    co_return api::Done{};
}

} // namespace envmesh::node
