// SPDX-License-Identifier: MIT
#include "core/node/uplink.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::int64_t first_backoff_ms = 500;
constexpr std::int64_t longest_backoff_ms =
    30'000;                                     // the cloud is steady 30 to 60 s after it is back
constexpr std::size_t chain_limit = 320 * 1024; // chains travel in messages of at most 256 KiB

// How far ahead of our own clock a server is believed. It may lie, and what is stamped ahead of
// time stays so. A clock that shows a time before this code was written is no witness against it.
constexpr std::int64_t most_ahead_ms = 24LL * 60 * 60 * 1000;
constexpr std::int64_t written_ms = 1'793'491'200'000; // 2026-11-01
constexpr std::int64_t service_life_ms = 20 * 366 * most_ahead_ms;

bool is_credible(std::int64_t server_ms, std::int64_t ours_ms) {
    const std::int64_t latest =
        ours_ms < written_ms ? written_ms + service_life_ms : ours_ms + most_ahead_ms;
    return server_ms >= written_ms && server_ms <= latest;
}

} // namespace

Uplink::Uplink(Context& context, Member& member, FindTarget find, Hooks hooks)
    : context_(context), member_(member), find_(std::move(find)), hooks_(std::move(hooks)),
      dialling_(context.executor), nap_(context.executor) {}

Task<> Uplink::run() {
    Sessions& sessions = member_.sessions();
    while (!stopping_) {
        auto allowed = sessions.until_may_begin();
        co_await std::move(allowed);
        if (stopping_) break;
        auto attempt = connect_once();
        const Error why = co_await std::move(attempt);
        if (stopping_) break;
        hurry_ = hurry_ || !sessions.may_begin(); // it was ended for a change, not lost
        set_reason(why.message);
        auto pause = back_off();
        co_await std::move(pause);
    }
}

void Uplink::stop() {
    stopping_ = true;
    dialling_.cancel();
    if (link_ != nullptr) link_->close();
    nap_.cancel();
}

Task<> Uplink::dial(net::Url url) {
    auto dialling = net::dial(std::move(url), "/v1/sync", context_.timeouts);
    dialled_ = co_await std::move(dialling);
}

Task<Error> Uplink::connect_once() {
    const Result<Target> target = find_();
    if (!target) co_return target.error();
    is_of_strangers_ = !target->pin.any_of.empty();
    dialled_ = fail(Code::unreachable, "the attempt to connect was interrupted");
    dialling_.spawn(dial(target->url));
    auto joined = dialling_.join();
    co_await std::move(joined);
    if (!dialled_) co_return dialled_.error();
    const std::unique_ptr<net::Link> link = std::move(*dialled_);
    Sessions& sessions = member_.sessions();
    if (stopping_ || !sessions.may_begin()) co_return Error{Code::unreachable, "interrupted", {}};
    link_ = link.get();
    std::optional<mesh::Chain> longer;
    auto visiting = visit(*link, *target, longer);
    Error why = co_await std::move(visiting);
    link_ = nullptr;
    if (!longer) co_return why;
    auto adopt = [this, &longer] { return member_.adopt(std::move(*longer)); };
    auto adopting = sessions.between(adopt);
    const auto adopted = co_await std::move(adopting);
    if (!adopted) co_return adopted.error();
    hurry_ = true;
    co_return why;
}

Task<Error> Uplink::visit(net::Link& link, const Target& target,
                          std::optional<mesh::Chain>& longer) {
    const Sessions::Running running(member_.sessions(), [&link] { link.close(); });
    sync::ClientHandshake::Credentials credentials;
    credentials.self = &member_.identity();
    credentials.mesh_id = member_.chain().mesh_id();
    credentials.chain = &member_.chain();
    credentials.token = target.token;
    sync::ClientHandshake handshake(target.pin, credentials, link.channel_binding(),
                                    context_.random);
    auto shaking = shake_hands(link, handshake);
    auto done = co_await std::move(shaking);
    if (!done) co_return done.error();
    longer = std::move(handshake.adopted());
    if (longer) co_return Error{Code::conflict, "the list of members has changed", {}};
    if (target.tells_the_time)
        if (auto clock = settle_clock(handshake.server().time_ms); !clock) co_return clock.error();
    auto working = synchronise(link, handshake.server());
    co_return co_await std::move(working);
}

Task<Result<>> Uplink::shake_hands(net::Link& link, sync::ClientHandshake& handshake) {
    link.set_most_bytes(chain_limit);
    const std::int64_t began = context_.clock.steady_ms();
    auto running = run_handshake(link, handshake, context_.timeouts.establish);
    auto done = co_await std::move(running);
    if (done) rtt_ms_ = (context_.clock.steady_ms() - began) / 2; // two round trips
    co_return done;
}

Task<Error> Uplink::synchronise(net::Link& link, const sync::ServerFacts& server) {
    server_ = server.keys;
    proved_ = true;
    link.set_most_bytes(net::most_bytes_after_authentication);
    sync::Session session(member_.replica(), sync::Session::Side::client, server.keys.id(), {});
    Connection::Hooks hooks;
    hooks.applied = hooks_.applied;
    hooks.other = [this](Bytes message) { return on_other(std::move(message)); };
    hooks.progress = [this] {
        member_.contact_now();
        if (connection_->session().in_sync()) failures_ = 0; // a handshake alone proves no use
        if (hooks_.progress) hooks_.progress();
    };
    Connection connection(link, session, member_.authority(), context_.crypto, context_.executor,
                          std::move(hooks));
    connection_ = &connection;
    hurry_ = false;
    set_reason({});
    log_info("uplink_up", "server", link.remote());
    auto running = connection.run();
    Error why = co_await std::move(running);
    connection_ = nullptr;
    presences_.clear();
    if (auto stored = member_.store_contact(); !stored)
        log_warning("contact_not_stored", "reason", stored.error().message);
    co_return why;
}

Result<> Uplink::settle_clock(std::uint64_t server_time_ms) {
    constexpr std::uint64_t latest = std::uint64_t{1} << 46U; // so that it can be subtracted
    const auto ours = context_.clock.wall_ms();
    const auto theirs = static_cast<std::int64_t>(std::min(server_time_ms, latest));
    const std::int64_t offset = theirs - ours;
    const bool differ = offset > sync::hold_ahead_ms || offset < -sync::hold_ahead_ms;
    const bool wrong = differ && is_credible(theirs, ours);
    const std::int64_t wanted = wrong ? offset : 0;
    const bool was_wrong = member_.replica().clock_offset_ms() != 0;
    if (differ) log_warning(wrong ? "clock_wrong" : "clock_disputed", "offset_s", offset / 1000);
    auto delta = member_.replica().correct_clock(wanted);
    if (!delta) return std::unexpected(delta.error());
    if (!delta->empty())
        hooks_.applied(*delta); // what was stamped anew goes to the links that are up
    if (wrong != was_wrong) context_.publish({"clock", wrong ? "wrong" : "right", {}, {}, {}});
    return {};
}

Result<> Uplink::on_other(Bytes message) {
    if (mesh::is_mail(message)) {
        auto mail = mesh::decode_mail(message);
        if (!mail) return std::unexpected(mail.error());
        if (hooks_.mail) hooks_.mail(*mail);
        return {};
    }
    auto presences = decode_presence(message);
    if (!presences) return std::unexpected(presences.error());
    presences_ = std::move(*presences);
    return {};
}

Task<> Uplink::back_off() {
    if (!std::exchange(hurry_, false) && !stopping_) {
        const std::int64_t most =
            std::min(longest_backoff_ms, first_backoff_ms << std::min(failures_, 7));
        ++failures_;
        Block<4> dice{};
        context_.random.fill(dice);
        const auto wait = most / 2 + static_cast<std::int64_t>(Reader(dice).u32()) % (most / 2 + 1);
        nap_.expires_after(std::chrono::milliseconds(wait));
        auto waiting = nap_.async_wait(as_result);
        co_await std::move(waiting);
        hurry_ = false;
    }
}

void Uplink::wake() {
    hurry_ = true;
    failures_ = 0;
    nap_.cancel();
}

void Uplink::redial() {
    if (link_ != nullptr) link_->close();
    wake();
}

void Uplink::network_changed() {
    if (link_ != nullptr)
        link_->probe();
    else
        wake();
}

void Uplink::changed(const sync::Delta& delta) {
    if (connection_ != nullptr) connection_->changed(delta);
}

void Uplink::resync() {
    if (connection_ != nullptr)
        connection_->resync();
    else
        wake();
}

Result<> Uplink::send(const mesh::MailMessage& message) {
    if (connection_ == nullptr)
        return fail(Code::unreachable, "there is no connection to the server: " + reason_,
                    "`envmesh-cli status` tells more");
    connection_->send(mesh::encode(message));
    return {};
}

bool Uplink::has_sent_all() const { return connection_ == nullptr || connection_->has_sent_all(); }

bool Uplink::is_in_sync() const {
    return connection_ != nullptr && connection_->session().in_sync();
}

std::optional<std::int64_t> Uplink::rtt_ms() const {
    if (const auto pinged = link_ == nullptr ? std::nullopt : link_->round_trip())
        return pinged->count();
    return rtt_ms_;
}

std::string Uplink::remote() const { return link_ == nullptr ? std::string() : link_->remote(); }

const sync::Session* Uplink::session() const {
    return connection_ == nullptr ? nullptr : &connection_->session();
}

// Strangers of the local network must not fill the log.
void Uplink::log_down(const std::string& reason) const {
    if (is_of_strangers_ && !proved_)
        log_debug("uplink_down", "reason", reason);
    else
        log_info("uplink_down", "reason", reason);
}

void Uplink::set_reason(std::string reason) {
    if (reason == reason_) return;
    if (!reason.empty()) log_down(reason);
    reason_ = std::move(reason);
    if (hooks_.state_changed) hooks_.state_changed();
}

} // namespace envmesh::node
