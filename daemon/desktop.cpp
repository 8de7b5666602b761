// SPDX-License-Identifier: MIT
#include "daemon/desktop.h"

namespace envmesh::daemon {
namespace {

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

Task<> Desktop::stop() {
    login_.stop();
    publisher_.stop();
    auto left = login_.join();
    co_await std::move(left);
    auto retracted = publisher_.join();
    co_await std::move(retracted);
}

} // namespace envmesh::daemon
