// SPDX-License-Identifier: MIT
// A local network in memory: what one announces, all others hear at once.
#pragma once

#include "core/node/vicinity.h"

#include <list>
#include <map>

namespace envmesh::tests {

class Air {
  public:
    /// Anything may be said by anyone.
    void say(const node::Sighting& sighting) {
        said_[sighting.instance] = sighting;
        for (Ear& ear : ears_)
            if (ear.hooks.found && ear.name != sighting.instance) ear.hooks.found(sighting);
    }
    void unsay(const std::string& instance) {
        if (said_.erase(instance) == 0) return;
        for (Ear& ear : ears_)
            if (ear.hooks.lost) ear.hooks.lost(instance);
    }
    [[nodiscard]] const std::map<std::string, node::Sighting>& said() const { return said_; }
    node::Vicinity& join(const std::string& name) { return ears_.emplace_back(*this, name); }

  private:
    struct Ear final : node::Vicinity {
        Ear(Air& around, std::string as) : air(around), name(std::move(as)) {}
        void watch(Hooks wanted) override {
            hooks = std::move(wanted);
            seek();
        }
        void announce(std::uint16_t port, mesh::BeaconText text) override {
            air.say({name, {"127.0.0.1"}, port, std::move(text), "mdns"});
        }
        void withdraw() override { air.unsay(name); }
        void seek() override {
            for (const auto& [instance, sighting] : air.said_)
                if (instance != name && hooks.found) hooks.found(sighting);
        }
        Task<node::Survey> survey() override {
            node::Survey out{"the air", {}, {{"air0", "asked", "asked", air.said_.size()}}, {}};
            for (const auto& [instance, sighting] : air.said_)
                if (instance != name) out.seen.push_back(sighting);
            co_return out;
        }
        void leave() override {
            hooks = {};
            withdraw();
        }
        Air& air;
        std::string name;
        Hooks hooks;
    };
    std::list<Ear> ears_;
    std::map<std::string, node::Sighting> said_;
};

} // namespace envmesh::tests
