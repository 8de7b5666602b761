// SPDX-License-Identifier: MIT
#include "cli/commands.h"

namespace envmesh::cli {

// Idempotent: a daemon that is not there, or is gone before it could answer, has been shut down.
Exit shutdown(Context& context, const NoOptions&) {
    const auto reply = context.ask(api::Shutdown());
    if (!reply && reply.error().code != Code::unreachable) return std::unexpected(reply.error());
    if (context.out.is_json()) context.out.object({{"ok", true}});
    return 0;
}

} // namespace envmesh::cli
