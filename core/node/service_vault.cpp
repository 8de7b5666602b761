// SPDX-License-Identifier: MIT
// The calls that make, open and lock the vault, and what an open vault means.
#include "core/node/service.h"

#include "core/base/log.h"
#include "core/node/vault.h"

#include <algorithm>

namespace envmesh::node {
namespace {

constexpr std::int64_t longest_wait_ms = 30'000;
constexpr std::int64_t farewell_ms = 500;
constexpr std::size_t most_token_bytes = 1024;

std::unexpected<Error> busy() {
    return fail(Code::conflict, "the vault is being opened or locked", "try again");
}

} // namespace

void Service::begin(std::unique_ptr<Member> member) {
    if (stopping_) return;
    member_ = std::move(member);
    has_vault_ = true;
    used_ms_ = context_.clock.steady_ms();
    Links::Hooks hooks;
    hooks.applied = [this](const sync::Delta& delta) { applied(delta); };
    hooks.mail = [this](const mesh::MailMessage& mail) {
        if (invitation_) invitation_->on_mail(mail);
    };
    hooks.changed = [this] {
        if (invitation_) invitation_->on_links_changed();
        changed_.notify();
    };
    links_ = std::make_unique<Links>(context_, *member_, std::move(hooks));
    tasks_.spawn(links_->run());
    tasks_.spawn(read_ahead());
    context_.exports_changed();
    context_.publish({"lock", "unlocked", {}, {}, {}});
}

// After the answer to who has unlocked, and before most shells ask.
Task<> Service::read_ahead() {
    auto waiting = sleep_for(std::chrono::milliseconds(1));
    co_await std::move(waiting);
    if (member_ && !changing_) member_->variables().read_ahead();
}

Task<> Service::lock() {
    if (!member_) co_return;
    changing_ = true;
    withdraw_invitation();
    if (joining_) joining_->stop();
    const std::int64_t until = context_.clock.steady_ms() + farewell_ms;
    while (!links_->has_sent_all() && context_.clock.steady_ms() < until) { // the withdrawal
        auto waiting = sleep_for(std::chrono::milliseconds(1));
        co_await std::move(waiting);
    }
    links_->stop();
    member_->sessions().stop();
    changed_.notify();
    auto joined = tasks_.join();
    co_await std::move(joined);
    for (drop_unused_invitations(); !withdrawn_.empty(); drop_unused_invitations()) {
        auto waiting = sleep_for(std::chrono::milliseconds(1));
        co_await std::move(waiting);
    }
    for (drop_finished_joining(); joining_; drop_finished_joining()) { // it has the keys as well
        auto waiting = sleep_for(std::chrono::milliseconds(1));
        co_await std::move(waiting);
    }
    links_.reset();
    member_.reset();
    changing_ = false;
    context_.publish({"lock", "locked", locked_by_, {}, {}});
}

Task<Result<api::Init::Reply>> Service::on(api::Init call, ClientId) {
    if (auto absent = require_absent(); !absent) co_return std::unexpected(absent.error());
    if (auto usable = check_newcomer(call.name, call.password); !usable)
        co_return std::unexpected(usable.error());
    if (call.server_token.size() > most_token_bytes)
        co_return fail(Code::invalid, "the server token is longer than 1 KiB",
                       "use the server's own");
    ServerSetting server{{}, call.server_key, call.server_token};
    if (!call.server.empty()) {
        auto url = net::Url::parse(call.server);
        if (!url) co_return std::unexpected(url.error());
        server.url = url->to_string();
        sync::ServerPin pin;
        pin.fingerprint = call.server_key;
        auto probing = probe_server(context_, *url, pin);
        auto facts = co_await std::move(probing);
        if (!facts) co_return std::unexpected(facts.error());
        if (auto absent = require_absent(); !absent) co_return std::unexpected(absent.error());
    }
    changing_ = true;
    auto making = make_vault(context_, std::move(call.password));
    auto vault = co_await std::move(making);
    changing_ = false;
    if (!vault) co_return std::unexpected(vault.error());
    auto identity = crypto::Identity::create(context_.random);
    auto keyring = mesh::Keyring::create(context_.random);
    const sync::Hlc hlc = sync::next_hlc(0, context_.clock.wall_ms());
    auto chain = mesh::Chain::create(identity, call.name, keyring, hlc, context_.random);
    auto member = Member::create(context_, vault->key,
                                 {std::move(identity), std::move(keyring), std::move(chain),
                                  std::move(call.name), std::move(server)});
    if (!member) co_return std::unexpected(member.error());
    if (auto written = write_vault(context_, vault->vault); !written)
        co_return std::unexpected(written.error());
    api::Init::Reply reply{hex((*member)->identity().id()), hex((*member)->chain().mesh_id()),
                           (*member)->server().fingerprint};
    begin(std::move(*member));
    co_return reply;
}

/// The vault's key. A wrong password makes the next one wait.
Task<Result<Key>> Service::open_with(Secret password) {
    const std::int64_t wait = not_before_ms_ - context_.clock.steady_ms();
    if (has_vault_ && wait > 0)
        co_return fail(Code::wrong_secret, "too soon after a wrong password",
                       "wait " + std::to_string((wait + 999) / 1000) + " s");
    auto opening = open_vault(context_, std::move(password));
    auto key = co_await std::move(opening);
    if (key) wrong_passwords_ = 0;
    if (key || key.error().code != Code::wrong_secret) co_return key;
    const std::int64_t pause = 1000LL << std::min(wrong_passwords_++, 5);
    not_before_ms_ = context_.clock.steady_ms() + std::min(pause, longest_wait_ms);
    co_return key;
}

Result<> Service::open_member(const Key& key) {
    if (stopping_)
        return fail(Code::unreachable, "the daemon is stopping", "try again when it runs");
    auto member = Member::open(context_, key);
    if (!member) return std::unexpected(member.error());
    begin(std::move(*member));
    return {};
}

Task<Result<api::Done>> Service::on(api::Unlock call, ClientId) {
    if (server_) co_return api::Done{};
    if (changing_) co_return busy();
    const bool is_open = member_ != nullptr; // then the password is only checked
    changing_ = !is_open;
    auto opening = open_with(std::move(call.password));
    auto key = co_await std::move(opening);
    if (!is_open) changing_ = false;
    if (!key) co_return std::unexpected(key.error());
    if (is_open || member_) co_return api::Done{};
    if (auto opened = open_member(*key); !opened) co_return std::unexpected(opened.error());
    lockings_.spawn(renew(std::move(*key)));
    co_return api::Done{};
}

// The keychain may take its time: meanwhile the password opens too, and a lock counts.
Task<Result<>> Service::unlock_by_keychain(Asking asking) {
    if (server_ || (member_ && !changing_)) co_return Result<>{};
    const std::uint64_t locks = locks_;
    auto opening = open_by_keychain(context_, asking);
    const auto key = co_await std::move(opening);
    if (member_ && !changing_) co_return Result<>{};
    if (!key) co_return std::unexpected(key.error());
    if (changing_) co_return busy();
    if (locks != locks_)
        co_return fail(Code::locked, "the vault was locked meanwhile", "unlock it again");
    co_return open_member(*key);
}

Task<Result<api::Done>> Service::on(api::UnlockByKeychain call, ClientId client) {
    if (call.ask) asking_client_ = client;
    const Asking asking = call.ask ? Asking::person : Asking::never;
    auto opening = unlock_by_keychain(asking);
    auto done = co_await std::move(opening);
    if (!done) co_return std::unexpected(done.error());
    co_return api::Done{};
}

Task<bool> Service::lock_for(std::string reason) {
    ++locks_;
    stop_asking();
    while (changing_) {
        auto waiting = sleep_for(std::chrono::milliseconds(1));
        co_await std::move(waiting);
    }
    const bool was_open = member_ != nullptr;
    if (was_open || reason == "command") locked_by_ = reason;
    if (was_open) {
        log_info("locked", "by", locked_by_);
        auto locking = lock();
        co_await std::move(locking);
    } else if (has_vault_ && reason == "command") { // a person wants it to stay so
        context_.publish({"lock", "locked", reason, {}, {}});
    }
    if (reason == "logout") {
        auto ending = end_login(context_);
        co_await std::move(ending);
    }
    co_return was_open;
}

void Service::stop_asking() {
    asking_client_ = 0;
    if (context_.keychain != nullptr) context_.keychain->stop_asking();
}

// Enable and disable are refused meanwhile, some seconds at most: each of the three writes the
// vault as it found it.
Task<> Service::renew(Key vault_key) {
    if (is_keychain_changing_) co_return;
    is_keychain_changing_ = true;
    auto renewing = renew_keychain(context_, std::move(vault_key));
    co_await std::move(renewing);
    is_keychain_changing_ = false;
}

Task<> Service::lock_idle() {
    const auto minutes = static_cast<std::int64_t>(context_.config.lock_idle_minutes);
    const std::int64_t idle_ms = context_.clock.steady_ms() - used_ms_;
    if (minutes == 0 || changing_ || idle_ms < minutes * 60'000) co_return;
    auto locking = lock_for("idle");
    co_await std::move(locking);
}

Task<Result<api::Done>> Service::on(api::Lock, ClientId) {
    if (server_)
        co_return fail(Code::denied, "a blind server holds nothing to lock", "stop it instead");
    if (changing_) co_return busy();
    auto locking = lock_for("command");
    co_await std::move(locking);
    co_return api::Done{};
}

Task<Result<api::Keychain::Reply>> Service::on(api::Keychain, ClientId) {
    auto looking = keychain_state(context_);
    co_return co_await std::move(looking);
}

Task<Result<api::Keychain::Reply>> Service::on(api::EnableKeychain call, ClientId client) {
    if (server_)
        co_return fail(Code::denied, "a blind server opens its vault with its key file",
                       "see vault.key_file");
    if (is_keychain_changing_) co_return busy();
    is_keychain_changing_ = true;
    asking_client_ = client;
    auto opening = open_with(std::move(call.password));
    auto key = co_await std::move(opening);
    Result<> enabled = key ? Result<>{} : Result<>(std::unexpected(key.error()));
    if (key) {
        auto enabling = enable_keychain(context_, std::move(*key), Asking::person);
        enabled = co_await std::move(enabling);
    }
    is_keychain_changing_ = false;
    if (!enabled) co_return std::unexpected(enabled.error());
    log_info("keychain", "is", "enabled");
    auto looking = keychain_state(context_);
    co_return co_await std::move(looking);
}

Task<Result<api::Done>> Service::on(api::DisableKeychain, ClientId) {
    if (is_keychain_changing_) co_return busy();
    is_keychain_changing_ = true;
    auto disabling = disable_keychain(context_);
    auto disabled = co_await std::move(disabling);
    is_keychain_changing_ = false;
    if (!disabled) co_return std::unexpected(disabled.error());
    log_info("keychain", "is", "disabled");
    co_return api::Done{};
}

} // namespace envmesh::node
