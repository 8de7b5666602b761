// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

FieldValue text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return text;
}

void show_json(Output& out, const api::Status::Reply& now) {
    out.object({{"schema", std::uint64_t{1}},
                {"state", now.state},
                {"tier", now.tier},
                {"server", text_or_null(now.server)},
                {"devices", now.devices},
                {"pending", now.pending},
                {"undecryptable", now.undecryptable},
                {"last_contact", time_or_null(now.last_contact_ms)},
                {"device", now.device},
                {"name", now.name},
                {"mesh", now.mesh},
                {"version", now.version},
                {"reason", now.reason},
                {"variables", now.variables},
                {"conflicts", now.conflicts},
                {"held", now.held},
                {"serves", now.serves},
                {"tier_since", time_or_null(now.tier_since_ms)},
                {"tier_reason", now.tier_reason},
                {"election", now.election},
                {"health", now.health},
                {"locked_by", now.locked_by}});
}

std::string why_locked(const std::string& by) {
    if (by == "command") return ", by `envmesh-cli lock`";
    if (by == "idle") return ", since nobody used it";
    if (by == "sleep") return ", since the machine slept";
    if (by == "screen") return ", with the screen";
    if (by == "logout") return ", since nobody is logged in";
    return {};
}

void show(Output& out, const api::Status::Reply& now) {
    std::string where = now.tier;
    if (now.tier == "cloud" && !now.server.empty()) where += ", " + now.server;
    if (now.tier_since_ms) where += ", since " + rfc3339(*now.tier_since_ms);
    const auto line = [&](std::string_view label, const std::string& text) {
        if (!text.empty()) out.line(std::string(label) + printable(text));
    };
    const auto count = [](std::uint64_t number) {
        return number == 0 ? std::string() : std::to_string(number);
    };
    line("state          ", now.state + why_locked(now.locked_by));
    line("this machine   ", now.name);
    line("connection     ", where);
    line("because        ", now.tier_reason);
    if (!now.tier_reason.contains(now.reason)) line("reason         ", now.reason);
    line("last contact   ", now.last_contact_ms ? rfc3339(*now.last_contact_ms) : "");
    line("devices        ", count(now.devices));
    line("variables      ", count(now.variables));
    line("to be sent     ", count(now.pending));
    line("unreadable     ", count(now.undecryptable));
    line("conflicts      ", count(now.conflicts));
    line("held back      ", count(now.held));
}

} // namespace

Exit status(Context& context, const NoOptions&) {
    const auto now = context.ask(api::Status());
    if (!now) return std::unexpected(now.error());
    if (context.out.is_json())
        show_json(context.out, *now);
    else
        show(context.out, *now);
    const bool ready = now->state != "locked" && now->state != "absent";
    return ready ? 0 : exit_status(Code::locked);
}

} // namespace envmesh::cli
