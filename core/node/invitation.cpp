// SPDX-License-Identifier: MIT
#include "core/node/invitation.h"

#include "core/base/log.h"
#include "core/node/call.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::uint32_t longest_ttl_s = 3600;
constexpr std::chrono::milliseconds confirm_limit{20'000};
constexpr std::int64_t patience_with_server_ms = 10'000;

Result<mesh::Role> invited_role(std::string_view text) {
    for (const mesh::Role role : {mesh::Role::admin, mesh::Role::member, mesh::Role::reader})
        if (text == mesh::role_name(role)) return role;
    return fail(Code::invalid, "a device is invited as admin, member or reader",
                "use --role member");
}

Error mail_error(Code code) {
    if (code == Code::denied)
        return {Code::denied, "a second device used the same code: the invitation is void",
                "invite again, and give the code to one person only"};
    if (code == Code::unreachable)
        return {code, "the other machine went away before it had joined", "invite it again"};
    return {code, "the server no longer knows the invitation", "invite again"};
}

} // namespace

Invitation::Invitation(Context& context, Member& member, Links& links,
                       const crypto::DeviceId& server, mesh::InviteCode code, mesh::Role role,
                       std::uint32_t ttl_s)
    : context_(context), member_(member), links_(links), server_(server), code_(std::move(code)),
      role_(role), expires_ms_(context.clock.steady_ms() + ttl_s * 1000LL),
      inviter_(code_, member.identity(), member.chain().mesh_id(), member.chain().head(),
               context.random),
      changed_(context.executor) {}

Result<std::unique_ptr<Invitation>> Invitation::create(Context& context, Member& member,
                                                       Links& links, const api::Invite& call) {
    auto role = invited_role(call.role);
    if (!role) return std::unexpected(role.error());
    const mesh::Member* self = member.chain().member(member.identity().id());
    if (self == nullptr || self->removed || self->role != mesh::Role::admin)
        return fail(Code::denied, "only an admin device can invite",
                    "invite from a device whose role is admin");
    auto office = links.post_office();
    if (!office) return std::unexpected(office.error());
    auto code = mesh::InviteCode::create(context.random, crypto::hash128({office->server.ed_pk}),
                                         std::move(office->address));
    if (call.ttl_s == 0 || call.ttl_s > longest_ttl_s)
        return fail(Code::invalid, "an invitation stands for at least 1 second and at most 1 hour",
                    "choose another --ttl");
    std::unique_ptr<Invitation> invitation(new Invitation(
        context, member, links, office->server.id(), std::move(code), *role, call.ttl_s));
    invitation->on_links_changed();
    return invitation;
}

Invitation::~Invitation() = default;

void Invitation::withdraw() {
    if (!welcomed_) end({Code::denied, "the invitation was withdrawn", "invite again"});
    changed_.notify();
}

std::uint32_t Invitation::seconds_left() const {
    const std::int64_t left = expires_ms_ - context_.clock.steady_ms();
    return left <= 0 ? 0 : static_cast<std::uint32_t>(left / 1000 + 1);
}

void Invitation::on_links_changed() {
    const bool connected = links_.reaches(server_);
    if (connected == std::exchange(is_connected_, connected)) return;
    lost_ms_ = context_.clock.steady_ms();
    changed_.notify();
    if (!connected) return;
    if (ended_ || seconds_left() == 0) return;
    open();
    for (const auto& [slot, bytes] : sent_)
        (void)links_.send(server_, mesh::MailWrite{code_.rendezvous(), slot, bytes});
    changed_.notify();
}

void Invitation::open() {
    const std::uint32_t ttl_s = std::clamp(seconds_left(), 1U, longest_ttl_s);
    // Or with the next connection.
    (void)links_.send(server_, mesh::MailOpen{code_.rendezvous(), ttl_s});
}

void Invitation::write(mesh::MailSlot slot, Bytes bytes) {
    // Or with the next connection.
    (void)links_.send(server_, mesh::MailWrite{code_.rendezvous(), slot, bytes});
    sent_[slot] = std::move(bytes);
}

void Invitation::on_mail(const mesh::MailMessage& mail) {
    if (const auto* filled = std::get_if<mesh::MailSlotFilled>(&mail);
        filled != nullptr && filled->rendezvous == code_.rendezvous() && !ended_) {
        if (auto handled = on_slot(*filled); !handled) end(handled.error());
    } else if (const auto* error = std::get_if<mesh::MailError>(&mail);
               error != nullptr && error->rendezvous == code_.rendezvous() && !welcomed_) {
        end(mail_error(error->code));
    }
    changed_.notify();
}

Result<> Invitation::on_slot(const mesh::MailSlotFilled& filled) {
    if (filled.slot == mesh::MailSlot::j1 && !committed_) {
        auto a1 = inviter_.on_commit(filled.bytes);
        if (!a1) return std::unexpected(a1.error());
        committed_ = true;
        write(mesh::MailSlot::a1, std::move(*a1));
    } else if (filled.slot == mesh::MailSlot::j2 && committed_ && !opened_) {
        if (auto opening = inviter_.on_opening(filled.bytes); !opening) return opening;
        opened_ = true;
    }
    // Every MailOpen has them delivered again.
    if (filled.slot == mesh::MailSlot::j2) ++openings_;
    return {};
}

void Invitation::end(Error error) {
    if (ended_) return;
    log_warning("invitation_ended", "reason", error.message);
    ended_ = std::move(error);
    (void)links_.send(server_, mesh::MailClose{code_.rendezvous()});
}

void Invitation::end_when_expired() {
    if (seconds_left() == 0 && !welcomed_)
        end({Code::not_found, "the invitation has expired", "invite again"});
    // A cloud server keeps it for as long as it stands; one of the local network may have gone for
    // good, and the next one knows nothing of it.
    if (code_.address.empty() && !is_connected_ && !welcomed_ &&
        context_.clock.steady_ms() - lost_ms_ > patience_with_server_ms)
        end({Code::unreachable, "the machine that carried the invitation serves no more",
             "invite again"});
}

Task<Result<api::InviteWait::Reply>> Invitation::wait(std::chrono::milliseconds time) {
    const Use use(users_);
    const auto call = co_await asio::this_coro::cancellation_state;
    const std::int64_t until = context_.clock.steady_ms() + time.count();
    while (end_when_expired(), !opened_ && !ended_) {
        const std::int64_t now = context_.clock.steady_ms();
        if (now >= until || is_given_up(call)) co_return api::InviteWait::Reply{};
        const std::int64_t at_most = is_connected_ ? expires_ms_ - now + 1 : 1'000;
        const std::chrono::milliseconds pause(std::min(until - now, at_most));
        auto waiting = changed_.wait_for(pause);
        co_await std::move(waiting);
    }
    if (ended_) co_return std::unexpected(*ended_);
    const mesh::Inviter::Joiner& joiner = inviter_.joiner();
    co_return api::InviteWait::Reply{false, joiner.name, joiner.platform, inviter_.check()};
}

Task<Result<api::InviteAnswer::Reply>> Invitation::answer(bool yes) {
    end_when_expired(); // adding a device that nobody can welcome any more would leave it half a
                        // member
    if (ended_) co_return std::unexpected(*ended_);
    if (!opened_ || answering_)
        co_return fail(Code::conflict, "no device has answered the invitation yet", "wait for it");
    if (!yes) {
        end({Code::denied, "the invitation was refused here", {}});
        co_return std::unexpected(*ended_);
    }
    const Use use(users_);
    answering_ = true;
    const crypto::PublicIdentity device = inviter_.joiner().keys;
    auto confirming = confirm(); // else the device would be a member that knows nothing of it
    auto stands = co_await std::move(confirming);
    answering_ = stands.has_value();
    if (!stands) co_return std::unexpected(stands.error());
    auto work = [this, device] {
        return member_.add_device(device, role_, inviter_.joiner().name);
    };
    auto adding = member_.sessions().between(work);
    auto added = co_await std::move(adding);
    if (!added) co_return std::unexpected(added.error());
    auto welcoming = welcome();
    auto done = co_await std::move(welcoming);
    if (!done) {
        Error error = std::move(done.error());
        error.message += "; \"" + inviter_.joiner().name +
                         "\" is in the list of members now, whether it has joined or not";
        co_return std::unexpected(std::move(error));
    }
    co_return api::InviteAnswer::Reply{hex(device.id())};
}

Task<Result<>> Invitation::confirm() {
    const std::int64_t until = context_.clock.steady_ms() + confirm_limit.count();
    const int before = openings_;
    open();
    while (openings_ == before && !ended_ && context_.clock.steady_ms() < until) {
        auto waiting = changed_.wait_for(std::chrono::milliseconds(500));
        co_await std::move(waiting);
    }
    if (ended_) co_return std::unexpected(*ended_);
    if (openings_ != before) co_return Result<>{};
    co_return fail(Code::unreachable, "the server went away before it could welcome the device",
                   "invite the device again when `envmesh-cli status` shows the server");
}

Task<Result<>> Invitation::welcome() {
    auto head = member_.head();
    if (!head) co_return std::unexpected(head.error());
    const ServerSetting cloud = member_.server();
    auto a2 = inviter_.welcome({member_.chain().mesh_id(), member_.chain().height(),
                                member_.chain().head(), member_.name(), std::move(*head), cloud.url,
                                cloud.fingerprint});
    if (!a2) co_return std::unexpected(a2.error());
    // The server must know the device before the device comes: the new chain travels with the
    // connection, which is a new one. Twice, since a second device may come at any time: whoever is
    // told that the device has joined must be able to rely on it.
    auto before = confirm();
    auto stands = co_await std::move(before);
    if (!stands) co_return stands;
    write(mesh::MailSlot::a2, std::move(*a2));
    auto after = confirm();
    stands = co_await std::move(after);
    if (!stands) co_return stands;
    welcomed_ = true;
    // The letter is kept for a minute.
    (void)links_.send(server_, mesh::MailClose{code_.rendezvous()});
    co_return Result<>{};
}

} // namespace envmesh::node
