// SPDX-License-Identifier: MIT
#include "core/node/joining.h"

#include "core/base/log.h"
#include "core/node/call.h"

namespace envmesh::node {
namespace {

constexpr std::size_t mail_limit = 68 * 1024;
constexpr std::size_t chain_limit = 320 * 1024;
constexpr std::chrono::milliseconds look_again{500};
constexpr std::chrono::milliseconds search_limit{30'000};

Error mail_error(Code code) {
    if (code == Code::denied)
        return {Code::denied, "the code was used by another device: the invitation is void",
                "ask for a new invitation, and tell the person who sent it"};
    if (code == Code::unreachable)
        return {Code::denied, "the other side refused or withdrew the invitation",
                "ask for a new invitation if that was a mistake"};
    return {Code::not_found, "the server knows no such invitation: it has expired or was withdrawn",
            "ask for a new invitation"};
}

} // namespace

Joining::Joining(Context& context, mesh::InviteCode code, api::Join call, Hooks hooks)
    : context_(context), code_(std::move(code)), call_(std::move(call)), hooks_(std::move(hooks)),
      identity_(crypto::Identity::create(context.random)),
      joining_(code_, identity_, call_.name, context.platform, context.random),
      device_(hex(identity_.id())), changed_(context.executor) {}

Task<Result<Bytes>> Joining::mail(mesh::MailMessage message, mesh::MailSlot wanted) {
    auto sending = link_->send(mesh::encode(message));
    auto sent = co_await std::move(sending);
    if (sent) {
        auto asking = link_->send(mesh::encode(mesh::MailRead{code_.rendezvous(), wanted}));
        sent = co_await std::move(asking);
    }
    while (sent) {
        auto receiving = link_->receive();
        auto bytes = co_await std::move(receiving);
        if (!bytes) co_return std::unexpected(bytes.error());
        auto answer = mesh::decode_mail(*bytes);
        if (!answer) co_return std::unexpected(answer.error());
        if (const auto* error = std::get_if<mesh::MailError>(&*answer))
            co_return std::unexpected(mail_error(error->code));
        auto* filled = std::get_if<mesh::MailSlotFilled>(&*answer);
        if (filled != nullptr && filled->slot == wanted) co_return std::move(filled->bytes);
    }
    co_return std::unexpected(sent.error());
}

Task<Result<std::string>> Joining::begin() {
    const Use use(users_);
    auto introducing = introduce();
    auto check = co_await std::move(introducing);
    if (!check) failed_ = check.error(); // a later wait is told too
    over_ = !check;
    co_return check;
}

Task<Result<JoinLink>> Joining::find_server() {
    if (!code_.address.empty()) {
        auto url = net::Url::parse_authority(code_.address);
        if (!url) co_return std::unexpected(url.error());
        url_ = *url;
        sync::ServerPin pin;
        pin.short_hash = code_.server_key;
        auto dialling = dial_join(context_, url_, std::move(pin), context_.timeouts);
        co_return co_await std::move(dialling);
    }
    if (code_.server_key == crypto::ShortHash{})
        co_return fail(Code::invalid, "the invitation names no server",
                       "ask for one made while a server is connected");
    if (!context_.config.enable_lan)
        co_return fail(
            Code::denied, "the invitation is for the local network, which is switched off",
            "set client.enable_lan to true, or ask for one made while the cloud is there");
    search_ = std::make_unique<LanSearch>(context_, code_.server_key);
    auto searching = search_->run(search_limit);
    auto found = co_await std::move(searching);
    if (!found) co_return std::unexpected(found.error());
    url_ = std::move(found->url);
    co_return std::move(found->joined);
}

/// Where the new device finds its mesh from now on.
ServerSetting Joining::server(const mesh::Welcome& welcome) const {
    if (!code_.address.empty())
        return {url_.to_string(), crypto::server_fingerprint(server_key_), {}};
    if (!net::Url::parse(welcome.cloud_url)) return {};
    return {welcome.cloud_url, welcome.cloud_key, {}};
}

Task<Result<std::string>> Joining::introduce() {
    auto finding = find_server();
    auto joined = co_await std::move(finding);
    if (!joined) co_return std::unexpected(joined.error());
    if (stopped_) co_return fail(Code::denied, "joining was given up on this machine");
    link_ = std::move(joined->link);
    link_->set_most_bytes(mail_limit);
    server_key_ = joined->server.keys.ed_pk;
    mesh::MailMessage commit =
        mesh::MailWrite{code_.rendezvous(), mesh::MailSlot::j1, joining_.commit()};
    auto asking = mail(std::move(commit), mesh::MailSlot::a1);
    auto a1 = co_await std::move(asking);
    if (!a1) co_return std::unexpected(a1.error());
    auto opening = joining_.on_admin(*a1);
    if (!opening) co_return std::unexpected(opening.error());
    auto sending = link_->send(
        mesh::encode(mesh::MailWrite{code_.rendezvous(), mesh::MailSlot::j2, std::move(*opening)}));
    auto sent = co_await std::move(sending);
    if (!sent) co_return std::unexpected(sent.error());
    co_return joining_.check();
}

Task<> Joining::finish() {
    auto carrying = carry_on();
    auto done = co_await std::move(carrying);
    if (!done) {
        failed_ = done.error();
        log_warning("join_failed", "reason", done.error().message);
    }
    if (link_) link_->close();
    over_ = true;
    changed_.notify();
}

Task<Result<>> Joining::carry_on() {
    mesh::MailMessage ask = mesh::MailRead{code_.rendezvous(), mesh::MailSlot::a2};
    auto asking = mail(std::move(ask), mesh::MailSlot::a2);
    auto a2 = co_await std::move(asking);
    if (!a2) co_return std::unexpected(a2.error());
    auto welcome = joining_.on_welcome(*a2);
    if (!welcome) co_return std::unexpected(welcome.error());
    admin_ = welcome->admin_name;
    set_stage("confirm");
    while (!confirmed_ && !stopped_) {
        auto waiting = changed_.wait_for(look_again);
        co_await std::move(waiting);
    }
    if (!confirmed_.value_or(false))
        co_return fail(Code::denied, "joining was refused on this machine");
    auto fetching = fetch_chain(*welcome);
    auto chain = co_await std::move(fetching);
    if (!chain) co_return std::unexpected(chain.error());
    auto settling = settle(std::move(*chain), *welcome);
    co_return co_await std::move(settling);
}

Task<Result<mesh::Chain>> Joining::fetch_chain(const mesh::Welcome& welcome) {
    auto dialling = net::dial(url_, "/v1/sync", context_.timeouts);
    auto link = co_await std::move(dialling);
    if (!link) co_return std::unexpected(link.error());
    if (stopped_) co_return fail(Code::denied, "joining was given up on this machine");
    link_ = std::move(*link); // where `stop` finds it
    link_->set_most_bytes(chain_limit);
    sync::ServerPin pin;
    pin.short_hash = code_.server_key;
    sync::ClientHandshake::Credentials credentials;
    credentials.self = &identity_;
    credentials.mesh_id = welcome.mesh_id;
    sync::ClientHandshake handshake(pin, credentials, link_->channel_binding(), context_.random);
    auto running = run_handshake(*link_, handshake, context_.timeouts.establish);
    auto done = co_await std::move(running);
    link_->close();
    if (!done) co_return std::unexpected(done.error());
    if (!handshake.adopted())
        co_return fail(Code::protocol, "the server sent no member list",
                       "ask for a new invitation");
    co_return std::move(*handshake.adopted());
}

Result<mesh::Head> Joining::check_head(const mesh::Chain& chain,
                                       const mesh::Welcome& welcome) const {
    const bool has_head = chain.height() >= welcome.chain_height &&
                          chain.entries()[welcome.chain_height].hash() == welcome.chain_head;
    if (chain.mesh_id() != welcome.mesh_id || !has_head)
        return fail(
            Code::denied,
            "the server serves an older or another member list than the inviting device has",
            "do not trust this server; ask the person who invited you");
    auto head = mesh::Head::verify(welcome.head, welcome.mesh_id, joining_.admin_key());
    if (!head) return head;
    const mesh::Member* admin = chain.member(head->device);
    if (admin == nullptr || admin->removed || admin->role != mesh::Role::admin ||
        admin->keys.ed_pk != joining_.admin_key())
        return fail(Code::denied, "the inviting device is no admin of the mesh",
                    "ask for a new invitation");
    return head;
}

Task<Result<>> Joining::settle(mesh::Chain chain, const mesh::Welcome& welcome) {
    auto head = check_head(chain, welcome);
    if (!head) co_return std::unexpected(head.error());
    auto keyring = mesh::open_keyring(chain, identity_);
    if (!keyring) co_return std::unexpected(keyring.error());
    auto making = make_vault(context_, std::move(call_.password));
    auto vault = co_await std::move(making);
    if (!vault) co_return std::unexpected(vault.error());
    if (stopped_)
        co_return fail(Code::unreachable, "the daemon is stopping", "join again when it runs");
    auto identity =
        crypto::Identity::restore(identity_.ed_seed().reveal(), identity_.x_secret().reveal());
    if (!identity) co_return std::unexpected(identity.error());
    auto member = Member::create(
        context_, vault->key,
        {std::move(*identity), std::move(*keyring), std::move(chain), call_.name, server(welcome)});
    if (!member) co_return std::unexpected(member.error());
    if (auto written = write_vault(context_, vault->vault); !written) co_return written;
    wanted_ = std::move(*head);
    hooks_.joined(std::move(*member));
    set_stage("syncing");
    while (!stopped_ && hooks_.remaining(*wanted_)) {
        auto waiting = changed_.wait_for(std::chrono::milliseconds(20));
        co_await std::move(waiting);
    }
    if (stopped_)
        co_return fail(Code::incomplete, "the vault was locked before all variables had arrived",
                       "unlock, then `envmesh-cli sync`");
    if (auto whole = hooks_.verify(*wanted_); !whole) co_return whole;
    set_stage("done");
    co_return Result<>{};
}

Task<Result<api::JoinWait::Reply>> Joining::wait(std::chrono::milliseconds time) {
    const Use use(users_);
    const auto call = co_await asio::this_coro::cancellation_state;
    const std::int64_t until = context_.clock.steady_ms() + time.count();
    const std::string before = stage_;
    while (!over_ && !is_given_up(call) && (stage_ == "waiting" || stage_ == before) &&
           context_.clock.steady_ms() < until) {
        if (stage_ == "confirm" && !confirmed_) break;
        auto waiting = changed_.wait_for(look_again);
        co_await std::move(waiting);
        if (stage_ == "syncing") break; // for its progress
    }
    if (failed_) co_return std::unexpected(*failed_);
    api::JoinWait::Reply reply;
    if (wanted_ && stage_ == "syncing")
        reply = hooks_.remaining(*wanted_).value_or(api::JoinWait::Reply{});
    reply.waiting = stage_ == "waiting";
    reply.stage = stage_;
    reply.admin = admin_;
    reply.device = device_;
    co_return reply;
}

Result<> Joining::confirm(bool yes) {
    if (stage_ != "confirm" || confirmed_)
        return fail(Code::conflict, "there is nothing to confirm now", "wait for the other side");
    confirmed_ = yes;
    changed_.notify();
    return {};
}

void Joining::abandon() {
    if (!confirmed_.value_or(false)) stop();
}

void Joining::stop() {
    stopped_ = true;
    if (search_) search_->stop();
    if (link_) link_->close();
    changed_.notify();
}

void Joining::set_stage(std::string stage) {
    stage_ = std::move(stage);
    changed_.notify();
}

} // namespace envmesh::node
