// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/project.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

Object describe(const api::Explain::Layer& layer) {
    return {{"scope", layer.scope},
            {"version", layer.version},
            {"updated_by", layer.updated_by},
            {"updated_at", rfc3339(layer.updated_at_ms)},
            {"visibility", layer.visibility},
            {"type", layer.type},
            {"deleted", layer.deleted},
            {"conflict", layer.conflict},
            {"used", layer.used},
            {"reason", layer.reason}};
}

std::string standing(const api::Explain::Layer& layer) {
    const std::string conflict = layer.conflict ? " (conflict)" : "";
    return (layer.used ? "used" : layer.reason) + conflict;
}

} // namespace

Exit explain(Context& context, const ExplainOptions& options) {
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    const auto reply = context.ask(api::Explain{options.key, std::move(*chosen)});
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) {
        std::vector<Object> layers;
        for (const auto& layer : reply->layers)
            layers.push_back(describe(layer));
        context.out.object({{"key", options.key},
                            {"layers", layers},
                            {"exported", reply->exported},
                            {"reason", reply->reason}});
        return 0;
    }
    std::vector<std::vector<std::string>> rows{
        {"SCOPE", "VERSION", "UPDATED", "BY", "VISIBLE", "TYPE", ""}};
    for (const auto& layer : reply->layers)
        rows.push_back({layer.scope, layer.version, rfc3339(layer.updated_at_ms), layer.updated_by,
                        layer.visibility, layer.type, standing(layer)});
    context.out.table(rows);
    context.out.line(options.key +
                     (reply->exported ? " reaches shells" : " does not reach shells") +
                     (reply->reason.empty() ? "." : ": " + printable(reply->reason) + "."));
    return 0;
}

} // namespace envmesh::cli
