// SPDX-License-Identifier: MIT
// A keychain in memory that does what a test tells it to. The test keeps the `FakeKeyring`, which
// may be spoken with from any thread while a `Keychain` of it is in use.
#pragma once

#include "platform/keychain.h"

#include <map>
#include <mutex>

namespace envmesh::platform {

class FakeKeyring {
  public:
    /// locked: a person who is asked opens it, for good. refused: a person who is asked does not.
    /// none: no place. silent: no answer in time. dead: it ends in the middle. corrupt: what it
    /// holds is not one of ours, and what it is given comes back as another.
    enum class Mood { open, locked, refused, none, silent, dead, corrupt };

    void become(Mood mood);
    void end_with_session(); ///< what it holds does not outlive that
    /// What it holds, whoever put it there: a wrong secret too.
    void put(const std::string& id, View secret);
    [[nodiscard]] std::optional<Secret> held(const std::string& id) const;
    [[nodiscard]] unsigned asked() const; ///< how often a person was asked

    /// The keyring must outlive it.
    std::unique_ptr<Keychain> keychain();

  private:
    class Door;
    Result<> open(Asking asking); // under the lock

    mutable std::mutex mutex_;
    Mood mood_ = Mood::open;
    bool lasts_ = true;
    unsigned asked_ = 0;
    std::map<std::string, Secret> held_;
};

} // namespace envmesh::platform
