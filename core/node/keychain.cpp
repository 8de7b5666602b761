// SPDX-License-Identifier: MIT
#include "core/node/keychain.h"

#include "core/base/log.h"
#include "core/node/vault.h"

namespace envmesh::node {
namespace {

constexpr auto keychain_slot = crypto::SlotKind::keychain;

std::unexpected<Error> no_keychain() {
    return fail(Code::unreachable, "this daemon has no keychain",
                "`envmesh-cli unlock` asks for the password");
}

Result<crypto::Vault> existing_vault(Context& context) {
    auto vault = read_vault(context);
    if (!vault) return std::unexpected(vault.error());
    if (!*vault)
        return fail(Code::absent, "there is no vault on this machine",
                    "`envmesh-cli init` makes one, `envmesh-cli join` joins an existing mesh");
    return std::move(**vault);
}

std::string id_of(const crypto::Slot& slot) { return hex(slot.id); }

Result<Key> opened(const crypto::Vault& vault, const Secret& held) {
    if (held.size() != Key::size)
        return fail(Code::corrupt, "what the keychain holds for this vault is not a key",
                    "unlock with the password, then `envmesh-cli keychain enable`");
    auto key = vault.open_key(keychain_slot, Key(held.reveal()));
    if (key) return key;
    Error error = std::move(key.error());
    error.fix = "unlock with the password, then `envmesh-cli keychain enable` makes a new key";
    return std::unexpected(std::move(error));
}

std::string state_of(const crypto::Vault& vault, const Result<std::optional<Secret>>& held) {
    if (!held) return held.error().code == Code::locked ? "locked" : "unknown";
    if (!*held) return "missing";
    return opened(vault, **held) ? "there" : "wrong";
}

/// A vault with another keychain slot, and what the keychain is to hold for it.
struct Replacement {
    crypto::Vault vault;
    Key kek;
    std::string earlier_id; // empty: there was none
};

Result<Replacement> replaced_slot(Context& context, crypto::Vault vault, Key vault_key) {
    Replacement out{std::move(vault), crypto::random_key(context.random), {}};
    if (const crypto::Slot* earlier = out.vault.find(keychain_slot))
        out.earlier_id = id_of(*earlier);
    out.vault.remove_keys(keychain_slot);
    auto added = out.vault.add_key(keychain_slot, vault_key, out.kek, context.random);
    if (!added) return std::unexpected(added.error());
    return out;
}

/// In the keychain first.
Task<Result<>> store(Context& context, Replacement made, Asking asking) {
    if (context.keychain == nullptr) co_return no_keychain();
    const std::string id = id_of(*made.vault.find(keychain_slot));
    auto storing = context.keychain->store(id, Secret(made.kek.reveal()), asking);
    auto stored = co_await std::move(storing);
    if (!stored) co_return stored;
    auto written = write_vault(context, made.vault);
    const std::string& useless = written ? made.earlier_id : id;
    if (useless.empty()) co_return written;
    auto erasing = context.keychain->erase(useless);
    const auto erased = co_await std::move(erasing);
    if (!erased) log_warning("keychain_not_tidied", "reason", erased.error().message);
    co_return written;
}

} // namespace

Task<Result<Key>> open_by_keychain(Context& context, Asking asking) {
    auto vault = existing_vault(context);
    if (!vault) co_return std::unexpected(vault.error());
    const crypto::Slot* slot = vault->find(keychain_slot);
    if (slot == nullptr)
        co_return fail(Code::not_found, "no keychain opens this vault",
                       "`envmesh-cli keychain enable` lets the login open it");
    if (context.keychain == nullptr) co_return no_keychain();
    auto loading = context.keychain->load(id_of(*slot), asking);
    auto held = co_await std::move(loading);
    if (!held) co_return std::unexpected(held.error());
    if (!*held)
        co_return fail(Code::wrong_secret, "the keychain has no key of this vault any more",
                       "unlock with the password, then `envmesh-cli keychain enable`");
    co_return opened(*vault, **held);
}

Task<Result<>> enable_keychain(Context& context, Key vault_key, Asking asking) {
    auto vault = existing_vault(context);
    if (!vault) co_return std::unexpected(vault.error());
    auto replacement = replaced_slot(context, std::move(*vault), std::move(vault_key));
    if (!replacement) co_return std::unexpected(replacement.error());
    auto replacing = store(context, std::move(*replacement), asking);
    co_return co_await std::move(replacing);
}

Task<> renew_keychain(Context& context, Key vault_key) {
    auto vault = existing_vault(context);
    const crypto::Slot* slot = vault ? vault->find(keychain_slot) : nullptr;
    if (slot == nullptr || context.keychain == nullptr) co_return;
    const std::string id = id_of(*slot);
    const crypto::Vault before = *vault;
    // At once, so that the vault's key goes before anybody is waited for.
    auto replacement = replaced_slot(context, std::move(*vault), std::move(vault_key));
    if (!replacement) co_return;
    auto loading = context.keychain->load(id, Asking::never);
    const auto held = co_await std::move(loading);
    // A locked one may have it; but one that nobody can open here stores it elsewhere.
    const bool is_silent =
        !held && (held.error().code == Code::timeout || held.error().code == Code::unreachable);
    if (is_silent || state_of(before, held) == "there") co_return;
    auto replacing = store(context, std::move(*replacement), Asking::never);
    const auto replaced = co_await std::move(replacing);
    if (replaced)
        log_info("keychain", "is", "renewed");
    else if (replaced.error().code != Code::locked)
        log_warning("keychain_not_renewed", "reason", replaced.error().message);
}

Task<> end_login(Context& context) {
    auto vault = existing_vault(context);
    const crypto::Slot* slot = vault ? vault->find(keychain_slot) : nullptr;
    if (slot == nullptr || context.keychain == nullptr) co_return;
    auto ending = context.keychain->end_login(id_of(*slot));
    co_await std::move(ending);
}

Task<Result<>> disable_keychain(Context& context) {
    auto vault = existing_vault(context);
    if (!vault) co_return std::unexpected(vault.error());
    const crypto::Slot* slot = vault->find(keychain_slot);
    if (slot == nullptr) co_return Result<>{};
    const std::string id = id_of(*slot);
    vault->remove_keys(keychain_slot);
    // Twice, since the previous file is kept, and it would still open with the key.
    for (int copy = 0; copy < 2; ++copy)
        if (auto written = write_vault(context, *vault); !written) co_return written;
    if (context.keychain == nullptr) co_return no_keychain();
    auto erasing = context.keychain->erase(id);
    auto erased = co_await std::move(erasing);
    if (erased) co_return Result<>{};
    co_return fail(erased.error().code,
                   "the keychain does not open the vault any more, but its key could not be "
                   "removed there: " +
                       erased.error().message,
                   "remove \"EnvMesh vault\" there by hand; it opens nothing now");
}

Task<api::Keychain::Reply> keychain_state(Context& context) {
    api::Keychain::Reply reply;
    if (context.keychain == nullptr) {
        reply.reason = no_keychain().error().message;
        co_return reply;
    }
    auto looking = context.keychain->state();
    auto state = co_await std::move(looking);
    reply.place = state.place;
    reply.lasts = state.lasts;
    reply.reason = state.reason;
    const auto vault = existing_vault(context);
    const crypto::Slot* slot = vault ? vault->find(keychain_slot) : nullptr;
    if (slot == nullptr) co_return reply;
    reply.enabled = true;
    auto loading = context.keychain->load(id_of(*slot), Asking::never);
    const auto held = co_await std::move(loading);
    reply.key = state_of(*vault, held);
    if (!held && reply.reason.empty()) reply.reason = held.error().message;
    co_return reply;
}

} // namespace envmesh::node
