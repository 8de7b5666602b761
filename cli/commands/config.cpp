// SPDX-License-Identifier: MIT
#include "cli/commands.h"

namespace envmesh::cli {

Exit reload(Context& context, const NoOptions&) {
    const auto reply = context.ask(api::Reload());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) context.out.object({{"ok", true}});
    return 0;
}

} // namespace envmesh::cli
