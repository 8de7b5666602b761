// SPDX-License-Identifier: MIT
#include "cli/commands.h"

namespace envmesh::cli {

Exit version(Context& context, const NoOptions&) {
    const auto client = context.connect();
    if (context.out.is_json()) {
        Object out{{"cli", ENVMESH_VERSION}, {"daemon", nullptr}};
        if (client) out[1].value = client->daemon().version;
        context.out.object(out);
        return 0;
    }
    context.out.line("envmesh-cli " ENVMESH_VERSION);
    context.out.line("envmesh-daemon " +
                     (client ? printable(client->daemon().version) : std::string("(not running)")));
    return 0;
}

} // namespace envmesh::cli
