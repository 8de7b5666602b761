// SPDX-License-Identifier: MIT
// node::Keychain: the system's keychain, asked on a thread of its own.
#pragma once

#include "core/node/keychain.h"
#include "platform/keychain.h"

#include <atomic>

namespace envmesh::daemon {

class SystemKeychain final : public node::Keychain {
  public:
    /// `pool` has one thread: the platform's keychain takes one call at a time.
    SystemKeychain(asio::thread_pool& pool, std::unique_ptr<platform::Keychain> keychain)
        : pool_(pool), keychain_(std::move(keychain)) {}

    Task<State> state() override;
    Task<Result<std::optional<Secret>>> load(std::string id, node::Asking asking) override;
    Task<Result<>> store(std::string id, Secret secret, node::Asking asking) override;
    Task<Result<>> erase(std::string id) override;
    Task<> end_login(std::string id) override;
    void stop_asking() override;

  private:
    /// While a question is put no other call waits for it: it gets `locked` at once.
    template <class Work>
    Task<std::invoke_result_t<Work&>> run(node::Asking asking, Work work);

    asio::thread_pool& pool_;
    std::atomic<unsigned> stops_ = 0; // of questions
    int questions_ = 0;               // that are put, or are to be
    State last_;
    std::unique_ptr<platform::Keychain> keychain_;
};

} // namespace envmesh::daemon
