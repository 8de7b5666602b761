// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/prompt.h"

namespace envmesh::cli {
namespace {

Exit done(Context& context, const Result<api::Done>& reply, const char* text) {
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json())
        context.out.object({{"ok", true}});
    else
        context.out.note(text);
    return 0;
}

constexpr const char* is_open = "The vault is unlocked.";

/// Why a person is asked for the password although the vault has a keychain.
void note_reason(Context& context, const Error& error) {
    if (error.code == Code::not_found || error.code == Code::absent) return;
    context.out.note("the keychain does not open it: " + error.message);
}

} // namespace

Exit unlock(Context& context, const UnlockOptions& options) {
    if (options.keychain)
        return done(context, context.ask(api::UnlockByKeychain{.ask = true}), is_open);
    if (options.password_file.empty()) {
        auto client = context.connect(); // apart: no daemon is no reason to ask for a password
        if (!client) return std::unexpected(std::move(client.error()));
        const auto opened = client->ask(api::UnlockByKeychain{.ask = false}, context.deadline());
        if (opened) return done(context, opened, is_open);
        note_reason(context, opened.error());
    }
    auto secret = password(options.password_file, context.out.is_json() ? Ask::never : Ask::once);
    if (!secret) return std::unexpected(secret.error());
    api::Unlock call;
    call.password = std::move(*secret);
    return done(context, context.ask(std::move(call)), is_open);
}

Exit lock(Context& context, const NoOptions&) {
    return done(context, context.ask(api::Lock()), "The vault is locked.");
}

} // namespace envmesh::cli
