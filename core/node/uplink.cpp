// SPDX-License-Identifier: MIT
#include "core/node/uplink.h"

#include "core/base/log.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::int64_t first_backoff_ms = 500;
constexpr std::int64_t longest_backoff_ms = 60'000;
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

Uplink::Uplink(Context& context, Member& member, Hooks hooks)
    : context_(context), member_(member), hooks_(std::move(hooks)), dialling_(context.executor),
      nap_(context.executor) {}

Task<> Uplink::run() {
    while (!stopping_) {
        run_jobs();
        auto attempt = connect_once();
        const Error why = co_await std::move(attempt);
        run_jobs();
        if (stopping_) break;
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
    while (!jobs_.empty())
        jobs_.front()->finish(fail(Code::locked, "the vault was locked meanwhile"));
}

Task<> Uplink::dial(net::Url url) {
    auto dialling = net::dial(std::move(url), "/v1/sync", context_.timeouts);
    dialled_ = co_await std::move(dialling);
}

Task<Error> Uplink::connect_once() {
    const ServerSetting server = member_.server();
    if (server.url.empty()) co_return Error{Code::unreachable, "no server is configured", {}};
    auto url = net::Url::parse(server.url);
    if (!url) co_return url.error();
    dialled_ = fail(Code::unreachable, "the attempt to connect was interrupted");
    dialling_.spawn(dial(*url));
    auto joined = dialling_.join();
    co_await std::move(joined);
    if (!dialled_) co_return dialled_.error();
    const std::unique_ptr<net::Link> link = std::move(*dialled_);
    if (stopping_ || !jobs_.empty()) co_return Error{Code::unreachable, "interrupted", {}};
    link_ = link.get();
    auto shaking = shake_hands(*link, server);
    auto facts = co_await std::move(shaking);
    Error why;
    if (facts) {
        auto working = synchronise(*link, *facts);
        why = co_await std::move(working);
    } else {
        why = facts.error();
    }
    link_ = nullptr;
    co_return why;
}

Task<Result<sync::ServerFacts>> Uplink::shake_hands(net::Link& link, const ServerSetting& server) {
    sync::ServerPin pin;
    pin.fingerprint = server.fingerprint;
    sync::ClientHandshake::Credentials credentials;
    credentials.self = &member_.identity();
    credentials.mesh_id = member_.chain().mesh_id();
    credentials.chain = &member_.chain();
    credentials.token = server.token;
    link.set_most_bytes(chain_limit);
    sync::ClientHandshake handshake(pin, credentials, link.channel_binding(), context_.random);
    const std::int64_t began = context_.clock.steady_ms();
    auto running = run_handshake(link, handshake, context_.timeouts.establish);
    auto done = co_await std::move(running);
    if (!done) co_return std::unexpected(done.error());
    rtt_ms_ = (context_.clock.steady_ms() - began) / 2; // two round trips
    if (handshake.adopted())
        if (auto adopted = member_.adopt(std::move(*handshake.adopted())); !adopted)
            co_return std::unexpected(adopted.error());
    co_return handshake.server();
}

Task<Error> Uplink::synchronise(net::Link& link, const sync::ServerFacts& server) {
    server_key_ = server.keys.ed_pk;
    link.set_most_bytes(net::most_bytes_after_authentication);
    if (auto clock = settle_clock(server.time_ms); !clock) co_return clock.error();
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

Uplink::Job::Job(Uplink& uplink, std::function<Result<>()> what)
    : queued_at(&uplink), work(std::move(what)),
      done(uplink.context_.executor, std::chrono::steady_clock::time_point::max()) {
    uplink.jobs_.push_back(this);
}

Uplink::Job::~Job() {
    if (queued_at != nullptr) queued_at->jobs_.remove(this);
}

void Uplink::Job::finish(Result<> outcome) {
    queued_at->jobs_.remove(this);
    queued_at = nullptr;
    result = std::move(outcome);
    done.cancel();
}

void Uplink::run_jobs() {
    while (!jobs_.empty()) {
        Job& job = *jobs_.front();
        job.finish(job.work());
        hurry_ = true;
    }
}

Task<Result<>> Uplink::between_sessions(std::function<Result<>()> work) {
    Job job(*this, std::move(work));
    if (link_ != nullptr) link_->close();
    wake();
    auto waiting = job.done.async_wait(as_result);
    co_await std::move(waiting);
    if (job.queued_at != nullptr) co_return fail(Code::timeout, "the call was given up");
    co_return std::move(job.result);
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

const sync::Session* Uplink::session() const {
    return connection_ == nullptr ? nullptr : &connection_->session();
}

void Uplink::set_reason(std::string reason) {
    if (reason == reason_) return;
    if (!reason.empty()) log_info("uplink_down", "reason", reason);
    reason_ = std::move(reason);
    if (hooks_.state_changed) hooks_.state_changed();
}

} // namespace envmesh::node
