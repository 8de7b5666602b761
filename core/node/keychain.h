// SPDX-License-Identifier: MIT
// The vault's keychain slot (protocol §2.2): a random key that the system's keychain holds, and
// never the password. The daemon gives the keychain; what it says is checked by opening the vault.
#pragma once

#include "core/base/secret.h"
#include "core/node/context.h"

namespace envmesh::node {

/// Whether the system may put a question to the person.
enum class Asking { never, person };

/// platform/keychain.h off the owner thread; every call ends by its deadline.
class Keychain {
  public:
    struct State {
        std::string place; // empty: there is none
        bool is_locked = false;
        bool lasts = false;
        std::string reason; // why no better place is used, or none at all
    };
    virtual ~Keychain() = default;
    virtual Task<State> state() = 0;
    /// Nothing when it is certain that none is there.
    virtual Task<Result<std::optional<Secret>>> load(std::string id, Asking asking) = 0;
    virtual Task<Result<>> store(std::string id, Secret secret, Asking asking) = 0;
    virtual Task<Result<>> erase(std::string id) = 0;
    /// The login is over: what was kept for it alone is forgotten.
    virtual Task<> end_login(std::string id) = 0;
    /// Questions to the person are taken back; the calls that put them end with `locked`.
    virtual void stop_asking() = 0;
};

/// The vault's key. `not_found`: the vault has no such slot; `corrupt` and `wrong_secret`: what the
/// keychain holds is no key, or not of this vault; else the keychain's error.
Task<Result<Key>> open_by_keychain(Context& context, Asking asking);
/// Gives the keychain a new key, and the vault a slot for it instead of an earlier one. The
/// keychain first: an error leaves the vault as it was.
Task<Result<>> enable_keychain(Context& context, Key vault_key, Asking asking);
/// After the password has opened the vault: gives the keychain a new key where it is enabled and
/// has lost its own, as the kernel's does with each login. Asks nobody, and an error changes
/// nothing.
Task<> renew_keychain(Context& context, Key vault_key);
Task<> end_login(Context& context);
/// The vault first: afterwards the key opens nothing, also where it could not be removed, which is
/// an error all the same.
Task<Result<>> disable_keychain(Context& context);
/// Looks, and asks nobody.
Task<api::Keychain::Reply> keychain_state(Context& context);

} // namespace envmesh::node
