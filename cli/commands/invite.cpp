// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/prompt.h"

namespace envmesh::cli {
namespace {

void show_code(Context& context, const Secret& code) {
    const std::string text(code.reveal_text());
    if (context.out.is_json()) return context.out.object({{"event", "code"}, {"code", text}});
    context.out.line(
        "On the other machine run 'envmesh-cli join' and enter this code, once:\n\n    " +
        printable(text) + "\n\nWaiting; Ctrl-C takes the invitation back.");
}

Result<api::InviteWait::Reply> wait_for_joiner(Context& context, ipc::Client& client) {
    while (true) {
        auto reply = client.ask(api::InviteWait{context.wait_ms()}, context.deadline());
        if (!reply || !reply->waiting) return reply;
    }
}

Result<bool> decide(Context& context, const api::InviteWait::Reply& joiner) {
    if (!context.out.is_json()) {
        context.out.line("\"" + printable(joiner.name) + "\" (" + printable(joiner.platform) +
                         ") wants to join. Both screens must show the digits\n\n    " +
                         printable(joiner.check) + "\n");
        return confirm("Does the other screen show " + printable(joiner.check) + '?');
    }
    context.out.object({{"event", "joiner"},
                        {"name", joiner.name},
                        {"platform", joiner.platform},
                        {"check", joiner.check}});
    const auto line = read_line();
    return line && line->reveal_text() == "yes"; // anything else, silence included, is a no
}

} // namespace

Exit invite(Context& context, const InviteOptions& options) {
    const auto ttl = parse_duration("--ttl", options.ttl);
    if (!ttl) return std::unexpected(ttl.error());
    auto client = context.connect(); // the invitation lives as long as this connection
    if (!client) return std::unexpected(client.error());
    api::Invite call;
    call.ttl_s = static_cast<std::uint32_t>(ttl->count() / 1000);
    const auto invitation = client->ask(std::move(call), context.deadline());
    if (!invitation) return std::unexpected(invitation.error());
    show_code(context, invitation->code);

    const auto joiner = wait_for_joiner(context, *client);
    if (!joiner) return std::unexpected(joiner.error());
    const auto yes = decide(context, *joiner);
    api::InviteAnswer answer;
    answer.yes = yes.value_or(false);
    const auto admitted = client->ask(std::move(answer), context.deadline());
    if (!yes) return std::unexpected(yes.error());
    if (!*yes)
        return fail(Code::denied, "You refused the device.",
                    "If the digits differed, someone may be in between: invite again elsewhere.");
    if (!admitted) return std::unexpected(admitted.error());
    if (context.out.is_json())
        context.out.object({{"event", "done"}, {"device", admitted->device}});
    else
        context.out.line("\"" + printable(joiner->name) + "\" is a device of this mesh.");
    return 0;
}

} // namespace envmesh::cli
