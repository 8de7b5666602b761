// SPDX-License-Identifier: MIT
// One secret of this person in the keeping of the operating system: on Linux the Secret Service
// (org.freedesktop.secrets, specification 0.2) of the login session, where there is none the
// kernel's keyring of this user. Calls wait: never on the owner thread. Each ends by its deadline,
// whatever the other side does: 5 s, and 60 s where a person may be asked.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <memory>
#include <optional>
#include <string>

namespace envmesh::platform {

/// Whether the system may put a question to the person (to open a locked keyring).
enum class Asking { never, person };

struct KeychainState {
    std::string place;       ///< "Secret Service", "kernel keyring"; empty: there is none
    bool is_locked = false;  ///< it would have to ask first
    bool lasts = false;      ///< what it holds outlives the login session (and a restart)
    std::string passed_over; ///< why a better place is not used, a sentence; empty: it is used
};

class Keychain {
  public:
    virtual ~Keychain() = default;
    /// Which place is used now. Looks and asks nobody.
    virtual KeychainState state() = 0;
    /// Nothing when it is certain that none is there; `locked` when the keychain would have to ask
    /// first or was not opened, `timeout`, `unreachable` (none is there, or it died meanwhile).
    /// `id` has 1 to 64 bytes of [0-9a-z-].
    virtual Result<std::optional<Secret>> load(const std::string& id, Asking asking) = 0;
    /// Replaces. What it stored is read back before it says so.
    virtual Result<> store(const std::string& id, const Secret& secret, Asking asking) = 0;
    /// Removes it in every place that can be reached.
    virtual Result<> erase(const std::string& id) = 0;
};

/// The system's own. Never fails: without any keychain `state` tells so.
std::unique_ptr<Keychain> system_keychain();

} // namespace envmesh::platform
