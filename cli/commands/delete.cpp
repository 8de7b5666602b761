// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"

namespace envmesh::cli {

Exit remove(Context& context, const DeleteOptions& options) {
    api::Delete call;
    call.keys = options.keys;
    call.scope = options.scope;
    const auto reply = context.ask(std::move(call));
    if (!reply) return std::unexpected(reply.error());
    show_written(context.out, {reply->keys, reply->versions, reply->pending_sync});
    return 0;
}

} // namespace envmesh::cli
