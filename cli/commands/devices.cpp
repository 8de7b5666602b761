// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

std::string standing(const api::Devices::Device& device) {
    if (device.removed) return "removed";
    return device.self ? "this machine" : "";
}

} // namespace

Exit devices(Context& context, const NoOptions&) {
    const auto reply = context.ask(api::Devices());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (const auto& device : reply->devices)
            all.push_back({{"device", device.device},
                           {"name", device.name},
                           {"role", device.role},
                           {"self", device.self},
                           {"removed", device.removed},
                           {"added_at", time_or_null(device.added_at_ms)}});
        context.out.array(all);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "DEVICE", "ROLE", "ADDED", ""}};
    for (const auto& device : reply->devices)
        rows.push_back({device.name, device.device, device.role, rfc3339(device.added_at_ms),
                        standing(device)});
    context.out.table(rows);
    return 0;
}

} // namespace envmesh::cli
