// SPDX-License-Identifier: MIT
// A conversation with the Secret Service (org.freedesktop.secrets, specification 0.2): an item
// found by its attributes, kept in the default collection. What the other side says is checked for
// its form; libsecret only carries the secrets (Diffie-Hellman where the service knows it). Nobody
// is asked and nothing that could ask is called, but with Asking::person. A locked keyring finds
// nothing and says no more, so "nothing" is believed only of an open one.
#pragma once

#include "platform/keychain.h"
#include "platform/linux/secret_prompt.h"
#include "platform/linux/secret_session.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace envmesh::platform {

class SecretStore {
  public:
    /// Of the default collection, or of the login session's where there is no default one.
    enum class Door { open, locked, missing };

    /// `unreachable`: without a bus or a service on it that is there or that it can start. 5 s from
    /// here for all calls together, 60 s when a person is asked. All of it on one thread.
    static Result<std::unique_ptr<SecretStore>> open(IsWanted is_wanted);

    Result<Door> door();
    /// Known after `door`: a collection can be one that ends with the login session.
    [[nodiscard]] bool lasts() const;

    /// Nothing is certain; `locked` where it could be behind a closed door.
    Result<std::optional<Secret>> load(const std::string& id, Asking asking);
    Result<> store(const std::string& id, const Secret& secret, Asking asking);
    Result<> erase(const std::string& id);

  private:
    using Paths = std::vector<std::string>;
    struct Found {
        Paths unlocked, locked;
    };

    SecretStore() = default;
    Result<> connect();
    [[nodiscard]] BusObject at(const std::string& path, const char* interface) const;
    Result<Variant> call(const std::string& path, const char* interface, const char* name,
                         GVariant* arguments, const char* reply);
    Result<> find_collection();
    Result<> unlock(const Paths& items, Asking asking);
    Result<> ask(const std::string& prompt, Asking asking);
    Result<> open_session();
    Result<Found> search(const std::string& id);
    [[nodiscard]] const std::string& best(const Paths& items) const;
    Result<Secret> secret_of(const std::string& item);
    Result<> create(const std::string& id, const Secret& secret, Asking asking);
    Result<> drop_others(const std::string& id);
    Result<> drop(const std::string& item);

    ContextScope scope_;
    IsWanted is_wanted_; // a question to the person
    Moment begin_ = std::chrono::steady_clock::now(), deadline_;
    std::optional<Bus> bus_;
    std::string owner_;      // who offers it, under the name that nobody else can get
    std::string collection_; // empty: missing
    Owned<SecretService> session_;
};

} // namespace envmesh::platform
