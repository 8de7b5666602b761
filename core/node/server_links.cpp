// SPDX-License-Identifier: MIT
// The life of one link at the server: greeting, then a member's session or a joiner's mail.
#include "core/node/greeting.h"
#include "core/node/server.h"

#include "core/base/log.h"

#include <algorithm>
#include <ranges>

namespace envmesh::node {

struct Guest {
    std::uint64_t number = 0;
    mesh::DeviceId device{};
    Hosted* hosted = nullptr;
    Connection* connection = nullptr;
};

namespace {

constexpr std::size_t chain_limit = 320 * 1024; // chains travel in messages of at most 256 KiB
constexpr std::size_t joiner_message_limit = 8 * 1024;
constexpr auto most_joining = std::chrono::minutes(60);
constexpr std::uint64_t own_number = 1; // guests and joiners follow
// A device dials again before the server knows that its last link is dead.
constexpr std::size_t most_links_of_a_device = 2;

} // namespace

Task<> Server::serve(std::unique_ptr<net::Link> owned) {
    net::Link& link = *owned;
    if (stopping_) co_return;
    links_[&link] = &link;
    const bool joining = link.path() == "/v1/join";
    sync::ServerHandshake handshake(
        hosting_.identity(), joining, static_cast<std::uint64_t>(context_.clock.wall_ms()),
        [this](const mesh::MeshId& mesh) -> const mesh::Chain* {
            const Hosted* hosted = hosting_.find(mesh);
            return hosted == nullptr ? nullptr : &hosted->chain;
        },
        [this](std::string_view token) { return hosting_.may_create(token); },
        link.channel_binding(), context_.random);
    TaskGroup guard(context_.executor);
    guard.spawn(close_after(link, context_.timeouts.establish));
    auto greeting = greet(link, handshake);
    const auto greeted = co_await std::move(greeting);
    if (greeted && joining) {
        auto serving = serve_joiner(link, guard);
        co_await std::move(serving);
    }
    guard.cancel();
    auto unguarded = guard.join();
    co_await std::move(unguarded);
    if (!greeted) {
        // A client that left, since it pins another key or only looked, has guessed nothing.
        if (greeted.error().code != Code::unreachable) listener_->failed(link);
        log_info("refused", "remote", link.remote(), "reason", greeted.error().message);
        auto finishing = link.finish(); // so that the reason arrives
        co_await std::move(finishing);
    } else if (!joining) {
        auto serving = serve_member(link, handshake);
        const Error why = co_await std::move(serving);
        log_info("guest_left", "remote", link.remote(), "reason", why.message);
    }
    links_.erase(&link);
}

Task<Result<>> Server::greet(net::Link& link, sync::ServerHandshake& handshake) {
    while (!handshake.done() && !handshake.proved()) {
        link.set_most_bytes(handshake.awaits_chain() ? chain_limit
                                                     : net::most_bytes_before_authentication);
        auto receiving = link.receive();
        auto message = co_await std::move(receiving);
        if (!message) co_return std::unexpected(message.error());
        auto step = handshake.receive(*message);
        while (step && step->adopt) {
            mesh::Chain chain = std::move(*step->adopt);
            auto adopting = adopt(handshake, std::move(chain));
            step = co_await std::move(adopting);
        }
        if (!step) co_return std::unexpected(step.error());
        auto sending = send_all(link, std::move(step->send));
        auto sent = co_await std::move(sending);
        if (!sent) co_return sent;
        if (step->refused) co_return std::unexpected(*step->refused);
    }
    co_return Result<>{};
}

Task<Result<sync::ServerHandshake::Step>> Server::adopt(sync::ServerHandshake& handshake,
                                                        mesh::Chain chain) {
    hosting_.recover();
    if (auto why = hosting_.objection(chain)) co_return handshake.declined(std::move(*why));
    Result<Hosted*> stored = hosting_.find(chain.mesh_id());
    auto store = [&]() -> Result<> {
        stored = hosting_.store(std::move(chain));
        return stored ? Result<>{} : std::unexpected(stored.error());
    };
    Result<> done;
    if (*stored == nullptr) {
        done = store();
    } else if (!(*stored)->sessions.may_begin()) {
        done = fail(Code::conflict, "another device is changing the member list; try again");
    } else {
        auto storing = (*stored)->sessions.between(store);
        done = co_await std::move(storing);
    }
    if (!done) co_return std::unexpected(done.error());
    co_return handshake.adopted((*stored)->chain);
}

Task<Error> Server::serve_member(net::Link& link, const sync::ServerHandshake& handshake) {
    Hosted& hosted = *hosting_.find(handshake.mesh_id());
    if (!hosted.sessions.may_begin() || hosted.chain.head() != handshake.chain_head())
        co_return Error{
            Code::conflict, "the member list changed meanwhile", {}}; // A6: it dials again
    if (!listener_->authenticated(link, hex(handshake.mesh_id())))
        co_return Error{Code::conflict, "the mesh has as many connections as it may have", {}};
    const Sessions::Running one(hosted.sessions, [&link] { link.close(); });
    hosting_.recover();
    link.set_most_bytes(net::most_bytes_after_authentication);
    sync::Session session(hosted.replica, sync::Session::Side::server, handshake.device(),
                          hosting_.limits(hosted));
    Guest guest{next_number_++, handshake.device(), &hosted, nullptr};
    Connection::Hooks hooks;
    hooks.applied = [this, &hosted, &guest](const sync::Delta& delta) {
        pass_on(hosted, &guest, delta);
        hosting_.applied(delta);
    };
    hooks.other = [this, &guest](const Bytes& message) { return on_mail(guest, message); };
    Connection connection(link, session, hosted.authority, context_.crypto, context_.executor,
                          std::move(hooks));
    guest.connection = &connection;
    guests_[guest.number] = &guest;
    hosted.guests[guest.number] = &guest;
    close_surplus(hosted, guest.device);
    hosted.presences[guest.device] = {true, context_.clock.wall_ms()};
    log_info("guest", "remote", link.remote(), "device", hex(guest.device).substr(0, 8));
    announce(hosted);
    auto running = connection.run();
    Error why = co_await std::move(running);
    deliver(mailbox_.disconnected(guest.number));
    guests_.erase(guest.number);
    hosted.guests.erase(guest.number);
    const bool elsewhere = std::ranges::any_of(
        hosted.guests, [&](const auto& other) { return other.second->device == guest.device; });
    hosted.presences[guest.device] = {elsewhere, context_.clock.wall_ms()};
    announce(hosted);
    co_return why;
}

void Server::close_surplus(const Hosted& hosted, const mesh::DeviceId& device) {
    std::size_t links = 0;
    for (const auto& [number, guest] : std::views::reverse(hosted.guests))
        if (guest->device == device && ++links > most_links_of_a_device) guest->connection->close();
}

void Server::pass_on(const Hosted& hosted, const Guest* from, const sync::Delta& delta) {
    for (const auto& [number, guest] : hosted.guests)
        if (guest != from) guest->connection->changed(delta);
}

void Server::changed(const sync::Delta& delta) {
    for (const Hosted* hosted : hosting_.all())
        pass_on(*hosted, nullptr, delta);
}

void Server::announce(Hosted& hosted) {
    if (!hosted.sessions.may_begin() || stopping_) return;
    const Bytes message = encode(hosted.presences);
    for (const auto& [number, guest] : hosted.guests)
        guest->connection->send(message);
}

std::vector<Server::Visitor> Server::visitors() const {
    std::vector<Visitor> out;
    for (const auto& [number, guest] : guests_) {
        const net::Link& link = guest->connection->link();
        Visitor& visitor = out.emplace_back(guest->device, link.remote());
        if (const auto pinged = link.round_trip()) visitor.rtt_ms = pinged->count();
    }
    return out;
}

Result<> Server::send_own(const mesh::MailMessage& message) {
    deliver(mailbox_.from_member(own_number, hosting_.all().front()->chain.mesh_id(), message,
                                 context_.clock.steady_ms()));
    next_expiry_.cancel(); // it may be sooner now
    return {};
}

Result<> Server::on_mail(Guest& guest, View message) {
    auto mail = mesh::decode_mail(message);
    if (!mail) return std::unexpected(mail.error());
    deliver(mailbox_.from_member(guest.number, guest.hosted->chain.mesh_id(), *mail,
                                 context_.clock.steady_ms()));
    next_expiry_.cancel(); // it may be sooner now
    return {};
}

Task<> Server::expire_mail() {
    while (!stopping_) {
        const auto end = mailbox_.next_end();
        next_expiry_.expires_at(std::chrono::steady_clock::time_point::max());
        if (end)
            next_expiry_.expires_after(
                std::chrono::milliseconds(*end - context_.clock.steady_ms() + 1));
        auto waiting = next_expiry_.async_wait(as_result);
        co_await std::move(waiting);
        deliver(mailbox_.expire(context_.clock.steady_ms()));
    }
}

void Server::deliver(const std::vector<mesh::Mailbox::Delivery>& deliveries) {
    for (const mesh::Mailbox::Delivery& delivery : deliveries) {
        if (delivery.to == own_number) {
            if (auto mail = mesh::decode_mail(delivery.message); mail && own_mail_)
                own_mail_(std::move(*mail));
            continue;
        }
        if (const auto guest = guests_.find(delivery.to); guest != guests_.end()) {
            guest->second->connection->send(delivery.message);
        } else if (const auto joiner = joiners_.find(delivery.to); joiner != joiners_.end()) {
            joiner->second.queue.push_back(delivery.message);
            joiner->second.more->cancel();
        }
    }
}

// `guard` closes the link unless an open invitation takes its j1 in time.
Task<> Server::serve_joiner(net::Link& link, TaskGroup& guard) {
    link.set_most_bytes(joiner_message_limit);
    const std::uint64_t number = next_number_++;
    asio::steady_timer more(context_.executor);
    joiners_[number].more = &more;
    TaskGroup writer(context_.executor);
    writer.spawn(write_mail(link, number));
    writer.spawn(close_after(link, most_joining));
    while (true) {
        auto receiving = link.receive();
        auto message = co_await std::move(receiving);
        if (!message) break;
        auto mail = mesh::decode_mail(*message);
        if (!mail) break;
        deliver(mailbox_.from_joiner(number, *mail, context_.clock.steady_ms()));
        if (guard.size() != 0 && mailbox_.is_joining(number)) guard.cancel();
    }
    link.close();
    deliver(mailbox_.disconnected(number));
    writer.cancel();
    auto joined = writer.join();
    co_await std::move(joined);
    joiners_.erase(number);
}

Task<> Server::write_mail(net::Link& link, std::uint64_t number) {
    while (true) {
        Postbox& box = joiners_.at(number);
        sync::Messages messages = std::exchange(box.queue, {});
        const bool any = !messages.empty();
        auto sending = send_all(link, std::move(messages));
        auto sent = co_await std::move(sending);
        if (!sent) co_return;
        if (any) continue;
        box.more->expires_at(std::chrono::steady_clock::time_point::max());
        auto waiting = box.more->async_wait(as_result);
        co_await std::move(waiting);
    }
}

} // namespace envmesh::node
