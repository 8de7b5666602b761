// SPDX-License-Identifier: MIT
// The vault, and whether it is in step with the others.
#include "cli/doctor/checks.h"

#include "core/base/clock.h"

#include <algorithm>

namespace envmesh::cli::diagnosis {
namespace {

constexpr std::int64_t earliest_ms = 1'735'689'600'000; // 2025: before there was any EnvMesh
constexpr std::int64_t tolerance_ms = 60'000;

bool is_alone(const api::Status::Reply& now) { return now.server.empty() && now.devices <= 1; }

bool is_open(const Facts& facts) {
    return facts.status && facts.status->state != "absent" && facts.status->state != "locked";
}

std::vector<std::string> reason(const std::string& text) {
    if (text.empty()) return {};
    return {text};
}

std::string others_online(const Facts& facts) {
    if (!facts.peers) return {};
    const auto is_other = [](const auto& peer) { return !peer.self; };
    const auto is_here = [](const auto& peer) { return !peer.self && peer.online; };
    const auto others = std::ranges::count_if(facts.peers->peers, is_other);
    if (others == 0) return {};
    return "; " + std::to_string(std::ranges::count_if(facts.peers->peers, is_here)) + " of " +
           std::to_string(others) + " other machines are online";
}

} // namespace

Findings vault(const Facts& facts) {
    if (!facts.status) return {};
    const std::string& state = facts.status->state;
    if (state == "absent")
        return {{"vault",
                 State::fault,
                 "there is no vault on this machine yet",
                 {},
                 "envmesh-cli init   (on the first machine), or envmesh-cli join"}};
    if (state == "locked")
        return {{"vault", State::fault, "the vault is locked", {}, "envmesh-cli unlock"}};
    if (state == "degraded")
        return {{"vault", State::fault, "the disk is full or failing: nothing can be stored",
                 reason(facts.status->reason),
                 "Free space on the disk; then journalctl --user -u envmesh -n 50"}};
    return {{"vault", State::ok, "unlocked, with " + counted(facts.status->variables, "variable")}};
}

Findings records(const Facts& facts) {
    if (!is_open(facts)) return {};
    const auto unreadable = facts.status->undecryptable;
    const auto held = facts.status->held;
    if (unreadable > 0)
        return {{"records",
                 State::warning,
                 counted(unreadable, "record") + " cannot be read here: their key has not arrived",
                 {},
                 "envmesh-cli sync --wait 10s"}};
    if (held > 0)
        return {{"records",
                 State::warning,
                 counted(held, "record") + " held back, until what they build upon has arrived",
                 {},
                 "envmesh-cli sync --wait 10s"}};
    return {{"records", State::ok, "all records can be read"}};
}

Findings pending(const Facts& facts) {
    if (!is_open(facts)) return {};
    const auto count = facts.status->pending;
    if (count == 0) return {{"pending", State::ok, "all changes have been sent"}};
    if (is_alone(*facts.status))
        return {{"pending", State::ok, "there is no other machine to send changes to"}};
    return {{"pending",
             State::warning,
             counted(count, "change") + " not sent yet",
             {},
             "envmesh-cli sync --wait 10s"}};
}

Findings conflicts(const Facts& facts) {
    if (!is_open(facts)) return {};
    const auto count = facts.status->conflicts;
    if (count == 0) return {{"conflicts", State::ok, "there are none"}};
    return {{"conflicts",
             State::warning,
             counted(count, "variable") + " changed on two machines at once",
             {},
             "envmesh-cli conflicts list"}};
}

Findings connection(const Facts& facts) {
    if (!is_open(facts)) return {};
    const api::Status::Reply& now = *facts.status;
    const std::string others = others_online(facts);
    if (now.tier == "cloud")
        return {{"connection", State::ok, "connected to the cloud server" + others}};
    if (now.tier == "serving" && now.server.empty())
        return {{"connection", State::ok, "this machine serves the others" + others,
                 reason(now.tier_reason)}};
    if (now.tier == "lan" && now.server.empty())
        return {{"connection", State::ok, "connected on the local network" + others,
                 reason(now.tier_reason)}};
    if (is_alone(now))
        return {{"connection", State::ok, "there is no other machine to connect to"}};
    auto about = reason(now.tier_reason);
    if (now.last_contact_ms) about.push_back("last contact " + rfc3339(*now.last_contact_ms));
    const bool is_offline = now.tier != "lan" && now.tier != "serving";
    return {{"connection", State::warning,
             is_offline ? "this machine is offline"
                        : "the cloud server is away; the local network stands in" + others,
             about, is_offline ? "envmesh-cli peers --probe" : "envmesh-cli sync --wait 10s"}};
}

Findings clock(const Facts& facts) {
    const std::int64_t now = SystemClock().wall_ms();
    constexpr auto set_it = "timedatectl set-ntp true";
    if (now < earliest_ms)
        return {{"clock", State::fault, "the clock of this machine is years behind", {}, set_it}};
    if (!facts.status) return {};
    const auto latest = std::max(facts.status->last_contact_ms.value_or(0),
                                 facts.status->tier_since_ms.value_or(0));
    if (latest <= now + tolerance_ms)
        return {{"clock", State::ok, "the clock is not behind what has happened already"}};
    return {{"clock",
             State::warning,
             "the clock was set back by " + std::to_string((latest - now) / 1000) +
                 " s since the daemon last looked at it",
             {},
             set_it}};
}

} // namespace envmesh::cli::diagnosis
