// SPDX-License-Identifier: MIT
#include "daemon/vicinity.h"

#include "core/base/log.h"

namespace envmesh::daemon {

LocalNetwork::LocalNetwork(asio::any_io_executor executor, Random& random)
    : executor_(std::move(executor)) {
    Block<8> name{};
    random.fill(name);
    instance_ = hex(name);
}

void LocalNetwork::watch(Hooks hooks) {
    leave();
    hooks_ = std::make_shared<Hooks>(std::move(hooks));
    const std::weak_ptr<Hooks> listening = hooks_;
    platform::Discovery::Hooks heard;
    heard.found = [this, listening](platform::FoundService service) {
        asio::post(executor_, [listening, seen = std::move(service)]() mutable {
            if (const auto to = listening.lock())
                to->found({std::move(seen.instance), std::move(seen.addresses), seen.port,
                           std::move(seen.text)});
        });
    };
    heard.lost = [this, listening](const std::string& instance) {
        asio::post(executor_, [listening, instance] {
            if (const auto to = listening.lock()) to->lost(instance);
        });
    };
    auto discovery = platform::Discovery::start(std::move(heard));
    if (!discovery) return log_warning("lan_not_watched", "reason", discovery.error().message);
    discovery_ = std::move(*discovery);
}

void LocalNetwork::announce(std::uint16_t port, mesh::BeaconText text) {
    if (!discovery_) return;
    if (auto done = discovery_->announce({instance_, port, std::move(text)}); !done)
        log_warning("lan_not_announced", "reason", done.error().message);
}

void LocalNetwork::withdraw() {
    if (discovery_) discovery_->withdraw();
}

void LocalNetwork::leave() {
    hooks_.reset();
    discovery_.reset();
}

} // namespace envmesh::daemon
