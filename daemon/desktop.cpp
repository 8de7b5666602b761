// SPDX-License-Identifier: MIT
#include "daemon/desktop.h"

#include "daemon/daemon.h"
#include "platform/local_socket.h"

namespace envmesh::daemon {
namespace {

constexpr std::chrono::seconds patience_with_ending{10}; // a daemon's own last deed is the same

using Environment = std::unique_ptr<platform::SessionEnvironment>;

Environment environment(const platform::Paths& paths) {
    const auto folders = platform::home_folders();
    if (paths.memory.empty() || !folders) return nullptr;
    return platform::system_environment(paths.memory, folders->settings);
}

// A node of its own under ENVMESH_HOME must not change what the person's programs get.
constexpr const char* no_environment =
    "this daemon is not the login's own: ENVMESH_HOME is set, or there is no XDG_RUNTIME_DIR";

} // namespace

Desktop::Desktop(Surroundings& around, node::Service& service, const platform::Paths& paths)
    : keychain_(around.keychain, platform::system_keychain()),
      login_(around.io.get_executor(), service, around.context.config),
      publisher_(around.io.get_executor(), service, around.environment, environment(paths),
                 no_environment) {
    around.context.keychain = &keychain_;
    around.context.published = [this] { return publisher_.published(); };
    around.context.unheard = [this] { return login_.unheard(); };
}

void Desktop::start() {
    login_.start();
    publisher_.start();
}

void Desktop::told(const api::Event& event) {
    if (event.event == "lock" && event.state == "unlocked") login_.opened();
    if (event.event == "lock" && event.reason == "command") login_.locked_by_person();
    if (event.event == "lock" || event.event == "variables-changed") publisher_.changed();
}

Result<> take_back(const platform::Paths& paths) {
    const auto environment = daemon::environment(paths);
    if (!environment) return {}; // nothing can have been put there
    const auto soon = std::chrono::steady_clock::now() + patience_with_ending;
    const auto answer = platform::LocalStream::connect(paths.socket, soon);
    if (answer) return {};
    if (answer.error().code != Code::unreachable) return std::unexpected(answer.error());
    Result<Lock> lock;
    if (platform::exists(paths.data)) {
        lock = insist(patience_with_ending, [&paths] { return take_lock(paths); });
        if (!lock) return std::unexpected(lock.error());
    }
    const auto done = environment->publish({});
    if (!done) return std::unexpected(done.error());
    if (!done->is_owed) return {};
    return fail(Code::unreachable,
                "What was put into the session's environment is not all taken back. " +
                    done->reason,
                "Try again when that is mended; else it ends with the login session.");
}

Task<> Desktop::stop() {
    login_.stop();
    publisher_.stop();
    auto left = login_.join();
    co_await std::move(left);
    auto retracted = publisher_.join();
    co_await std::move(retracted);
}

} // namespace envmesh::daemon
