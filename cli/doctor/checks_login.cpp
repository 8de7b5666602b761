// SPDX-License-Identifier: MIT
// What joins the vault to the login: the keychain that opens it, and the programs that no shell
// starts.
#include "cli/doctor/checks.h"

#include <algorithm>

namespace envmesh::cli::diagnosis {
namespace {

std::vector<std::string> about(const std::string& text) {
    if (text.empty()) return {};
    return {text};
}

Finding keychain_found(State state, std::string message, const api::Keychain::Reply& now,
                       std::string fix) {
    return {"keychain", state, std::move(message), about(now.reason), std::move(fix)};
}

Finding not_enabled(const api::Keychain::Reply& now) {
    if (now.place.empty())
        return keychain_found(State::ok, "there is none: the password alone opens the vault", now,
                              "");
    return keychain_found(State::ok,
                          "the password alone opens the vault; with `envmesh-cli keychain enable` "
                          "the " +
                              now.place + " would",
                          now, "");
}

Finding enabled(const api::Keychain::Reply& now) {
    const std::string place = now.place.empty() ? "keychain" : now.place;
    constexpr auto enable = "envmesh-cli unlock, then envmesh-cli keychain enable";
    if (now.key == "there" && now.lasts)
        return keychain_found(State::ok, "the " + place + " opens the vault", now, "");
    if (now.key == "there")
        return keychain_found(State::ok,
                              "the " + place +
                                  " opens the vault until the logout or a restart; then the "
                                  "password does once",
                              now, "");
    if (now.key == "locked")
        return keychain_found(State::warning, "it is locked, so the password opens the vault", now,
                              "envmesh-cli unlock --keychain");
    if (now.key == "missing")
        return keychain_found(State::warning, "it has lost the key of the vault", now, enable);
    if (now.key == "wrong")
        return keychain_found(State::warning, "what it holds does not open the vault", now, enable);
    return keychain_found(State::warning, "it does not answer as it should", now,
                          "envmesh-cli keychain status");
}

} // namespace

Findings keychain(const Facts& facts) {
    if (!facts.keychain || !facts.status || facts.status->state == "absent") return {};
    if (facts.status->serves && facts.status->mesh.empty() && facts.keychain->place.empty())
        return {}; // a blind server
    return {facts.keychain->enabled ? enabled(*facts.keychain) : not_enabled(*facts.keychain)};
}

Findings locking(const Facts& facts) {
    if (!facts.status || facts.status->unheard.empty()) return {};
    return {{"locking", State::warning,
             "sleep, logout or the screen, which are to lock the vault, are not heard of",
             about(facts.status->unheard),
             "log in by way of systemd-logind or elogind; or lock by time (envmesh-cli config set "
             "lock.idle_minutes 15), and set lock.on_sleep and lock.on_logout to false"}};
}

Findings injection(const Facts& facts) {
    if (!facts.injected || facts.injected->items.empty()) return {};
    const api::Injected::Reply& now = *facts.injected;
    constexpr auto look = "envmesh-cli inject list";
    if (now.places.empty())
        return {{"injection", State::warning, "programs that no shell starts cannot be reached",
                 about(now.reason), look}};
    std::vector<std::string> not_there;
    for (const api::Injected::Item& item : now.items)
        if (item.state == "partly" || item.state == "refused" || item.state == "withheld")
            not_there.push_back(item.key + ": " + item.reason);
    if (not_there.empty())
        return {{"injection", State::ok,
                 counted(now.items.size(), "variable") + " for programs that no shell starts"}};
    return {{"injection", State::warning,
             counted(not_there.size(), "variable") + " not everywhere where no shell starts",
             std::move(not_there), look}};
}

} // namespace envmesh::cli::diagnosis
