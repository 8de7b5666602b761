// SPDX-License-Identifier: MIT
// A SessionEnvironment spoken with over stdin and stdout: `environment_child MEMORY SETTINGS`. A
// line in is {"NAME": "base64 of the value"}, a line out is what came of it. With
// {"": "remembered"} (or filed, activated, managed) the next one kills the process there. `line`
// instead of folders: each line out is that of environment.d, base64.
#include "core/base/log.h"
#include "platform/linux/environment_file.h"
#include "platform/linux/session_environment.h"

#include <nlohmann/json.hpp>

#include <iostream>

#include <signal.h>
#include <unistd.h>

using namespace envmesh;
using nlohmann::json;

namespace {

std::string deadly;

void passed(platform::Passed step) {
    constexpr const char* names[] = {"remembered", "filed", "activated", "managed"};
    if (deadly == names[static_cast<int>(step)]) ::kill(::getpid(), SIGKILL);
}

std::string value_of(const json& encoded) {
    const auto bytes = from_base64(encoded.get<std::string>());
    return bytes ? std::string(text(*bytes)) : std::string();
}

json told_of(const Result<platform::Publication>& told) {
    if (!told) return {{"error", told.error().message}};
    json refused = json::object(), nowhere = json::array();
    for (const auto& one : told->refused)
        refused[one.name].push_back(one.reason);
    for (const auto& one : told->refused)
        if (one.nowhere && (nowhere.empty() || nowhere.back() != one.name))
            nowhere.push_back(one.name);
    return {{"places", told->places},
            {"refused", refused},
            {"nowhere", nowhere},
            {"reason", told->reason}};
}

json line_of(const json& wanted) {
    json lines = json::object();
    for (const auto& [name, value] : wanted.items()) {
        const auto plain = value_of(value);
        const auto why = platform::refused_everywhere(name, plain);
        const auto refusal = why ? why : platform::refused_by_file(plain);
        const auto line = platform::environment_line(name, plain);
        lines[name] = refusal ? json(nullptr) : json(base64(view(line)));
    }
    return lines;
}

} // namespace

int main(int count, char** words) {
    if (count < 2) return 2;
    set_log_sink({}, Level::debug);
    const bool is_line = std::string_view(words[1]) == "line";
    const auto environment =
        is_line ? nullptr : platform::observed_environment(words[1], words[count - 1], passed);
    for (std::string line; std::getline(std::cin, line);) {
        const json wanted = json::parse(line);
        if (is_line) {
            std::cout << line_of(wanted).dump() << std::endl;
            continue;
        }
        std::vector<platform::Assignment> all;
        for (const auto& [name, value] : wanted.items())
            if (name.empty())
                deadly = value.get<std::string>();
            else
                all.push_back({name, Secret(value_of(value))});
        std::cout << told_of(environment->publish(all)).dump() << std::endl;
    }
    return 0;
}
