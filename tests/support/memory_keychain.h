// SPDX-License-Identifier: MIT
// A keychain in memory that can be told to misbehave.
#pragma once

#include "core/node/keychain.h"

#include <map>

namespace envmesh::tests {

class MemoryKeychain final : public node::Keychain {
  public:
    std::map<std::string, Bytes> held;
    std::optional<Error> trouble; // what every call answers
    bool asks = false;            // load and store: locked, unless the person may be asked
    bool hangs = false;           // load waits until this is false
    int asked = 0;                // how often the person was
    std::string place = "Secret Service";

    Task<State> state() override { co_return State{place, asks, true, {}}; }
    Task<Result<std::optional<Secret>>> load(std::string id, node::Asking asking) override {
        while (hangs) {
            auto waiting = sleep_for(std::chrono::milliseconds(1));
            co_await std::move(waiting);
        }
        if (auto may = look(asking); !may) co_return std::unexpected(may.error());
        const auto found = held.find(id);
        if (found == held.end()) co_return std::optional<Secret>();
        co_return std::optional(Secret(View(found->second)));
    }
    Task<Result<>> store(std::string id, Secret secret, node::Asking asking) override {
        if (auto may = look(asking); !may) co_return may;
        held.insert_or_assign(id, to_bytes(secret.reveal()));
        co_return Result<>{};
    }
    Task<Result<>> erase(std::string id) override {
        if (trouble) co_return std::unexpected(*trouble);
        held.erase(id);
        co_return Result<>{};
    }

    Task<> end_login(std::string id) override {
        if (place == "kernel keyring") held.erase(id);
        co_return;
    }

    void stop_asking() override { ++stopped; }
    int stopped = 0;

  private:
    Result<> look(node::Asking asking) {
        if (trouble) return std::unexpected(*trouble);
        if (!asks) return {};
        if (asking == node::Asking::never) return fail(Code::locked, "the keyring is locked");
        ++asked;
        return {};
    }
};

} // namespace envmesh::tests
