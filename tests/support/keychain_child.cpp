// SPDX-License-Identifier: MIT
// The system's keychain for tests: "state", "load ID [ask]", "store ID [ask]" (the secret is what
// stands on stdin), "erase ID". One JSON object on stdout, a secret in hexadecimal.
#include "platform/keychain.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <iterator>
#include <string>

using namespace envmesh;
using nlohmann::json;
using platform::Asking;

namespace {

json told(const Error& error) {
    return {{"error", wire_name(error.code)}, {"message", error.message}, {"fix", error.fix}};
}

json told(const Result<>& result) { return result ? json::object() : told(result.error()); }

json told(const Result<std::optional<Secret>>& result) {
    if (!result) return told(result.error());
    return {{"secret", *result ? json(hex((*result)->reveal())) : json()}};
}

json told(const platform::KeychainState& state) {
    return {{"place", state.place},
            {"is_locked", state.is_locked},
            {"lasts", state.lasts},
            {"passed_over", state.passed_over}};
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string verb = words.empty() ? "" : words[0];
    const std::string id = words.size() < 2 ? "" : words[1];
    const Asking asking = words.size() == 3 && words[2] == "ask" ? Asking::person : Asking::never;
    const auto keychain = platform::system_keychain();
    json answer;
    if (verb == "state") answer = told(keychain->state());
    if (verb == "load") answer = told(keychain->load(id, asking));
    if (verb == "erase") answer = told(keychain->erase(id));
    if (verb == "store") {
        const std::string text(std::istreambuf_iterator<char>(std::cin), {});
        answer = told(keychain->store(id, Secret(text), asking));
    }
    std::cout << answer.dump() << std::endl;
    return answer.is_null() ? 2 : 0;
}
