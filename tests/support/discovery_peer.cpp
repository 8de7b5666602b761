// SPDX-License-Identifier: MIT
// A Discovery spoken with over stdin and stdout, for tests that need several networks: one command
// a line ("announce NAME PORT [KEY=VALUE…]", "withdraw", "state"), one JSON object a line back.
#include "core/base/log.h"
#include "platform/discovery.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <mutex>
#include <sstream>

using namespace envmesh;
using nlohmann::json;

namespace {

void say(const json& line) {
    static std::mutex mutex;
    const std::scoped_lock lock(mutex);
    std::cout << line.dump() << std::endl;
}

platform::Service service_of(std::istringstream& words) {
    platform::Service service;
    std::string pair;
    words >> service.instance >> service.port;
    while (words >> pair)
        service.text[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    return service;
}

json state_of(const platform::Discovery& discovery) {
    const auto state = discovery.state();
    json interfaces = json::array();
    for (const auto& one : state.interfaces)
        interfaces.push_back(
            {{"name", one.name}, {"ipv4", one.ipv4}, {"ipv6", one.ipv6}, {"state", one.state}});
    return {{"event", "state"},
            {"responder", state.responder},
            {"announced", state.announced},
            {"interfaces", interfaces},
            {"services", state.services}};
}

void found(const platform::FoundService& service) {
    say({{"event", "found"},
         {"instance", service.instance},
         {"addresses", service.addresses},
         {"port", service.port},
         {"text", service.text}});
}

} // namespace

int main() {
    set_log_sink({}, Level::debug);
    auto discovery =
        platform::Discovery::start({found, [](const std::string& instance) {
                                        say({{"event", "lost"}, {"instance", instance}});
                                    }});
    if (!discovery) return 1;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string verb;
        words >> verb;
        if (verb == "announce") {
            const auto done = (*discovery)->announce(service_of(words));
            say({{"event", "announce"}, {"error", done ? "" : done.error().message}});
        }
        if (verb == "withdraw") (*discovery)->withdraw();
        if (verb == "state") say(state_of(**discovery));
    }
    discovery->reset();
    say({{"event", "ended"}});
}
