// SPDX-License-Identifier: MIT
#include "cli/doctor/bundle.h"

#include "core/base/clock.h"
#include "platform/files.h"
#include "platform/paths.h"
#include "platform/process.h"

#include <algorithm>
#include <array>

namespace envmesh::cli::diagnosis {
namespace {

constexpr std::size_t longest_version = 32;

// Whatever a daemon says, only what it can be expected to say gets further.
template <std::size_t count>
std::string one_of(const std::array<std::string_view, count>& words, const std::string& text) {
    if (text.empty()) return {};
    return has(words, text) ? text : "(unknown)";
}

constexpr std::array<std::string_view, 4> states{"absent", "locked", "unlocked", "degraded"};
constexpr std::array<std::string_view, 4> tiers{"cloud", "lan", "serving", "offline"};
constexpr std::array<std::string_view, 4> elections{"idle", "standing", "serving", "yielding"};
constexpr std::array<std::string_view, 3> healths{"down", "up", "steady"};

std::string version_in(const std::string& text) {
    const auto belongs = [](char c) {
        return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
    };
    const auto release = text.substr(0, text.find_first_not_of("0123456789."));
    if (text.empty() || text.size() > longest_version) return "(unknown)";
    return std::ranges::all_of(text, belongs) ? text : release + "(more)";
}

FieldValue presence(const std::string& text) {
    if (text.empty()) return nullptr;
    return std::string("(left out)");
}

// The fields of `status --json`, in their order.
Object state_of(const api::Status::Reply& now) {
    return {{"schema", std::uint64_t{1}},
            {"state", one_of(states, now.state)},
            {"tier", one_of(tiers, now.tier)},
            {"server", presence(now.server)},
            {"devices", now.devices},
            {"pending", now.pending},
            {"undecryptable", now.undecryptable},
            {"last_contact", time_or_null(now.last_contact_ms)},
            {"device", presence(now.device)},
            {"name", presence(now.name)},
            {"mesh", presence(now.mesh)},
            {"version", version_in(now.version)},
            {"reason", presence(now.reason)},
            {"variables", now.variables},
            {"conflicts", now.conflicts},
            {"held", now.held},
            {"serves", now.serves},
            {"tier_since", time_or_null(now.tier_since_ms)},
            {"tier_reason", presence(now.tier_reason)},
            {"election", one_of(elections, now.election)},
            {"health", one_of(healths, now.health)}};
}

std::string counts(const Facts& facts) {
    std::string out;
    const auto add = [&out](const std::string& what, std::size_t number) {
        out += what + ' ' + std::to_string(number) + '\n';
    };
    if (facts.peers) {
        add("peers", facts.peers->peers.size());
        const auto is_online = [](const auto& peer) { return peer.online; };
        add("peers-online",
            static_cast<std::size_t>(std::ranges::count_if(facts.peers->peers, is_online)));
    }
    if (facts.untrusted) add("waiting-for-approval", facts.untrusted->variables.size());
    if (!facts.exported) return out;
    add("exported", facts.exported->items.size());
    add("left-out", facts.exported->skipped.size());
    add("missing", facts.exported->missing.size());
    return out;
}

} // namespace

std::string state_name(State state) {
    switch (state) {
    case State::ok: return "ok";
    case State::warning: return "warning";
    case State::fault: return "fault";
    }
    return {};
}

std::string bundle(const Facts& facts, const Findings& findings) {
    std::string out = "EnvMesh report of " + rfc3339(SystemClock().wall_ms()) +
                      "\nIt names no variable, value, machine, person, folder or address.\n"
                      "\n[versions]\nenvmesh-cli " ENVMESH_VERSION "\nenvmesh-daemon " +
                      (facts.daemon ? version_in(facts.daemon->version) : "(none)") + '\n' +
                      platform::platform_name() + ": " + platform::system_description() +
                      "\nshell " + facts.parent + ", login shell " + facts.login + "\n\n[checks]\n";
    for (const Finding& one : findings)
        out += state_name(one.state) + '\t' + one.check + '\t' + one.message + '\n';
    out += "\n[status]\n";
    out += facts.status ? json_text(state_of(*facts.status))
                        : std::string(wire_name(facts.status.error().code));
    return out + "\n\n[counts]\n" + counts(facts);
}

Result<> write_bundle(const std::filesystem::path& file, const std::string& text) {
    std::error_code error;
    const auto about = std::filesystem::symlink_status(file, error);
    if (std::filesystem::exists(about) && !std::filesystem::is_regular_file(about))
        return fail(Code::invalid, "\"" + file.string() + "\" is not a file that can be replaced.",
                    "Give --bundle another one.");
    return platform::replace_file(file, view(text));
}

} // namespace envmesh::cli::diagnosis
