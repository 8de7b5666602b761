// SPDX-License-Identifier: MIT
// What the daemon and the commands that print have in common: what a node is given, and the lock on
// the data folder. Only who holds it makes a server's first files.
#pragma once

#include "core/node/context.h"
#include "daemon/home.h"
#include "platform/files.h"
#include "platform/paths.h"
#include "platform/process.h"

#include <algorithm>
#include <thread>

namespace envmesh::daemon {

// What a node is given, with everything it points at; declared in the order of dependence.
struct Surroundings {
    Surroundings(const config::Config& config, DataFolder folder)
        : home(std::move(folder)), crypto(std::max(1U, std::thread::hardware_concurrency())),
          slow(1), keychain(1), environment(1),
          context{io.get_executor(),
                  clock,
                  random,
                  crypto,
                  slow,
                  home,
                  config,
                  crypto::Argon2Limits::for_memory(platform::physical_memory()),
                  {},
                  platform::platform_name(),
                  [](const api::Event&) {}} {}

    SystemClock clock;
    SystemRandom random;
    DataFolder home;
    asio::io_context io{1};
    asio::thread_pool crypto;
    asio::thread_pool slow;
    asio::thread_pool keychain; // a question there may take a minute
    asio::thread_pool environment;
    node::Context context;
};

using Lock = std::unique_ptr<platform::InstanceLock>;

/// `conflict` while another process holds it: a daemon, or for a moment a command that prints.
inline Result<Lock> take_lock(const platform::Paths& paths) {
    return platform::InstanceLock::take(paths.data / "daemon.lock");
}

/// Calls `attempt` until it gives anything but `conflict`, or the time is over.
template <class Attempt>
auto insist(std::chrono::seconds patience, Attempt attempt) {
    constexpr std::chrono::milliseconds pause{20};
    const auto until = std::chrono::steady_clock::now() + patience;
    auto result = attempt();
    while (!result && result.error().code == Code::conflict &&
           std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(pause);
        result = attempt();
    }
    return result;
}

} // namespace envmesh::daemon
