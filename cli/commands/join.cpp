// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/prompt.h"
#include "platform/paths.h"
#include "platform/terminal.h"

namespace envmesh::cli {
namespace {

Result<Secret> read_code(const Context& context) {
    if (context.out.is_json() || !platform::is_terminal(platform::Stream::input))
        return read_line();
    auto typed = platform::ask("Invitation code: ");
    if (!typed) return std::unexpected(std::move(typed.error()));
    Secret code{std::string_view(*typed)};
    wipe(*typed);
    return code;
}

Result<api::Join> gather(const Context& context, const JoinOptions& options) {
    if (options.password_file == "-")
        return fail(Code::usage, "Standard input brings the code, not the password.",
                    "Give --password-file a file.");
    api::Join call;
    call.name = options.name.empty() ? platform::default_device_name() : options.name;
    if (context.out.is_json() && options.password_file.empty())
        return fail(Code::usage, "With --json no password is asked for.",
                    "Give one with --password-file FILE.");
    auto code = read_code(context);
    if (!code) return std::unexpected(code.error());
    if (code->empty())
        return fail(Code::invalid, "The invitation code is empty.",
                    "Copy it from 'envmesh-cli invite' on the other machine.");
    call.code = std::move(*code);
    auto secret = password(options.password_file, Ask::twice);
    if (!secret) return std::unexpected(secret.error());
    call.password = std::move(*secret);
    return call;
}

void show_check(Context& context, const std::string& check) {
    if (context.out.is_json()) return context.out.object({{"event", "check"}, {"check", check}});
    context.out.line(
        "The inviting screen must show the same digits; say yes there if it does\n\n    " +
        printable(check) + "\n");
}

Result<> answer(Context& context, const JoinOptions& options, ipc::Client& client,
                const std::string& admin) {
    api::JoinConfirm call;
    call.yes = true;
    if (!options.yes && !context.out.is_json()) {
        const auto yes = confirm("Join the mesh of \"" + printable(admin) + "\"?");
        if (!yes) return std::unexpected(yes.error());
        call.yes = *yes;
    }
    const bool yes = call.yes;
    const auto told = client.ask(std::move(call), context.deadline());
    if (!yes) return fail(Code::denied, "You did not join.");
    if (!told) return std::unexpected(told.error());
    return {};
}

void show_progress(Context& context, const api::JoinWait::Reply& now) {
    if (context.out.is_json())
        return context.out.object({{"event", "progress"},
                                   {"stage", now.stage},
                                   {"received", now.received},
                                   {"expected", now.expected},
                                   {"reason", now.reason}});
    context.out.progress("Receiving " + std::to_string(now.received) + " of " +
                         std::to_string(now.expected) +
                         (now.reason.empty() ? "" : " (waiting: " + printable(now.reason) + ')'));
}

} // namespace

Exit join(Context& context, const JoinOptions& options) {
    auto call = gather(context, options);
    if (!call) return std::unexpected(call.error());
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    const auto started = client->ask(std::move(*call), context.deadline());
    if (!started) return std::unexpected(started.error());
    show_check(context, started->check);

    for (bool answered = false;;) { // the daemon answers when there is something to tell
        const auto now = client->ask(api::JoinWait{context.wait_ms()}, context.deadline());
        if (!now) return std::unexpected(now.error());
        if (now->stage == "confirm" && !answered) {
            if (const auto told = answer(context, options, *client, now->admin); !told)
                return std::unexpected(told.error());
            answered = true;
        } else if (now->stage == "done") {
            context.out.progress("");
            if (context.out.is_json())
                context.out.object({{"event", "done"}, {"device", now->device}});
            else
                context.out.line("This machine is a device of the mesh and has all its variables.");
            return 0;
        } else if (now->stage == "syncing") {
            show_progress(context, *now);
        }
    }
}

} // namespace envmesh::cli
