// SPDX-License-Identifier: MIT
// Secrets of this person in the keeping of the operating system. On Linux that is the Secret
// Service (org.freedesktop.secrets, specification 0.2) of the login session. The kernel's keyring
// of this user takes its place where there is none, and keeps what is stored while nobody can open
// the keyring of the one that is there: it was never made, or it is locked and there is no screen
// (neither DISPLAY nor WAYLAND_DISPLAY) to ask on. A secret that is in both comes from the Secret
// Service; nobody is asked for one that the kernel has, and a store there removes the kernel's.
// Calls wait, one at a time: never on the owner thread. Each ends within 5 s, whatever the other
// side does, or 60 s where a person may be asked.
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
    bool is_locked = false;  ///< it would have to ask first, or can only be opened elsewhere
    bool lasts = false;      ///< what it holds outlives the login session and a restart
    std::string passed_over; ///< why a better place is not used, sentences; empty: it is used
};

class Keychain {
  public:
    virtual ~Keychain() = default;
    /// Which place is used now. Looks and asks nobody.
    virtual KeychainState state() = 0;
    /// Nothing when it is certain that none is there; `locked` when the keychain would have to ask
    /// first or was not opened, `timeout`, `unreachable` (no keychain at all, or it died or broke
    /// its protocol meanwhile), `corrupt` (what is there cannot be ours). A secret of another time
    /// may come back: check that it fits. `id` has 1 to 64 bytes of [0-9a-z-], else `invalid`.
    virtual Result<std::optional<Secret>> load(const std::string& id, Asking asking) = 0;
    /// Replaces. 1 to 1024 bytes, else `invalid`. What it stored is read back before it says so;
    /// `corrupt` when that is another, `storage` when there is no room.
    virtual Result<> store(const std::string& id, const Secret& secret, Asking asking) = 0;
    /// Removes it in every place that can be reached; nothing to remove is no error. `locked`,
    /// which asks nobody, where a closed keyring may still have it. `unreachable`: no place at all.
    virtual Result<> erase(const std::string& id) = 0;
    /// The login is over: removes it where only that should have ended it (the kernel keeps it for
    /// longer, linux/kernel_keyring.h).
    virtual void end_login(const std::string& id) = 0;
    /// From any thread: a question that is put to the person at this moment is taken back, and the
    /// call that put it ends with `locked`, within a second or two.
    virtual void stop_asking() = 0;
};

/// The system's own. Never fails: without any keychain `state` tells so.
std::unique_ptr<Keychain> system_keychain();

} // namespace envmesh::platform
