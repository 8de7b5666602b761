// SPDX-License-Identifier: MIT
#include "daemon/keychain.h"

namespace envmesh::daemon {
namespace {

platform::Asking asking_of(node::Asking asking) {
    return asking == node::Asking::person ? platform::Asking::person : platform::Asking::never;
}

} // namespace

Task<node::Keychain::State> SystemKeychain::state() {
    auto work = [this] {
        platform::KeychainState found = keychain_->state();
        return State{std::move(found.place), found.is_locked, found.lasts,
                     std::move(found.passed_over)};
    };
    auto running = blocking(pool_, std::move(work));
    co_return co_await std::move(running);
}

Task<Result<std::optional<Secret>>> SystemKeychain::load(std::string id, node::Asking asking) {
    auto work = [this, id = std::move(id), asking] {
        return keychain_->load(id, asking_of(asking));
    };
    auto running = blocking(pool_, std::move(work));
    co_return co_await std::move(running);
}

Task<Result<>> SystemKeychain::store(std::string id, Secret secret, node::Asking asking) {
    auto work = [this, id = std::move(id), secret = std::move(secret), asking] {
        return keychain_->store(id, secret, asking_of(asking));
    };
    auto running = blocking(pool_, std::move(work));
    co_return co_await std::move(running);
}

Task<Result<>> SystemKeychain::erase(std::string id) {
    auto work = [this, id = std::move(id)] { return keychain_->erase(id); };
    auto running = blocking(pool_, std::move(work));
    co_return co_await std::move(running);
}

Task<> SystemKeychain::end_login(std::string id) {
    auto work = [this, id = std::move(id)] {
        keychain_->end_login(id);
        return true; // `blocking` returns something
    };
    auto running = blocking(pool_, std::move(work));
    co_await std::move(running);
}

} // namespace envmesh::daemon
