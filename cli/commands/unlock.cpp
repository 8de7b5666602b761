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

} // namespace

Exit unlock(Context& context, const UnlockOptions& options) {
    auto secret = password(options.password_file, context.out.is_json() ? Ask::never : Ask::once);
    if (!secret) return std::unexpected(secret.error());
    api::Unlock call;
    call.password = std::move(*secret);
    return done(context, context.ask(std::move(call)), "The vault is unlocked.");
}

Exit lock(Context& context, const NoOptions&) {
    return done(context, context.ask(api::Lock()), "The vault is locked.");
}

} // namespace envmesh::cli
