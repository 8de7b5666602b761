// SPDX-License-Identifier: MIT
#include "daemon/keychain.h"

namespace envmesh::daemon {
namespace {

platform::Asking asking_of(node::Asking asking) {
    return asking == node::Asking::person ? platform::Asking::person : platform::Asking::never;
}

constexpr const char* asks_now = "the keychain puts a question to the person at this moment";

std::unexpected<Error> taken_back() {
    return fail(Code::locked, "the keychain's question was taken back",
                "try again, and answer what it asks");
}

} // namespace

template <class Work>
Task<std::invoke_result_t<Work&>> SystemKeychain::run(node::Asking asking, Work work) {
    using Outcome = std::invoke_result_t<Work&>;
    const bool may_ask = asking == node::Asking::person;
    if (!may_ask && questions_ > 0)
        co_return Outcome(fail(Code::locked, asks_now, "answer it, or try again later"));
    questions_ += may_ask ? 1 : 0;
    auto wanted = [this, may_ask, stops = stops_.load(), work = std::move(work)]() -> Outcome {
        if (may_ask && stops_ != stops) return Outcome(taken_back());
        return work();
    };
    auto running = blocking(pool_, std::move(wanted));
    auto outcome = co_await std::move(running);
    questions_ -= may_ask ? 1 : 0;
    co_return outcome;
}

Task<node::Keychain::State> SystemKeychain::state() {
    if (questions_ > 0) co_return State{last_.place, true, last_.lasts, asks_now};
    auto work = [this] {
        platform::KeychainState found = keychain_->state();
        return State{std::move(found.place), found.is_locked, found.lasts,
                     std::move(found.passed_over)};
    };
    auto running = blocking(pool_, std::move(work));
    last_ = co_await std::move(running);
    co_return last_;
}

Task<Result<std::optional<Secret>>> SystemKeychain::load(std::string id, node::Asking asking) {
    auto work = [this, id = std::move(id), asking] {
        return keychain_->load(id, asking_of(asking));
    };
    auto running = run(asking, std::move(work));
    co_return co_await std::move(running);
}

Task<Result<>> SystemKeychain::store(std::string id, Secret secret, node::Asking asking) {
    auto work = [this, id = std::move(id), secret = std::move(secret), asking] {
        return keychain_->store(id, secret, asking_of(asking));
    };
    auto running = run(asking, std::move(work));
    co_return co_await std::move(running);
}

Task<Result<>> SystemKeychain::erase(std::string id) {
    auto work = [this, id = std::move(id)] { return keychain_->erase(id); };
    auto running = run(node::Asking::never, std::move(work));
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

void SystemKeychain::stop_asking() {
    if (questions_ == 0) return;
    ++stops_;
    keychain_->stop_asking();
}

} // namespace envmesh::daemon
