// SPDX-License-Identifier: MIT
#include "cli/commands/calls.h"
#include "cli/commands/variable.h"
#include "core/base/clock.h"

namespace envmesh::cli {
Exit list(Context& context, const ListOptions& options) {
    api::List call;
    call.values = options.values;
    call.scope = options.scope;
    const auto variables = list_all(context, std::move(call));
    if (!variables) return std::unexpected(variables.error());
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (const auto& variable : *variables)
            all.push_back(describe(variable));
        context.out.array(all);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "SCOPE", "VISIBLE", "UPDATED", "BY"}};
    if (options.values) rows.front().emplace_back("VALUE");
    for (const auto& variable : *variables) {
        auto& row = rows.emplace_back(std::vector<std::string>{
            variable.conflict ? variable.key + " (conflict)" : variable.key, variable.scope,
            variable.visibility, rfc3339(variable.updated_at_ms), variable.updated_by});
        if (options.values)
            row.emplace_back(variable.value ? variable.value->reveal_text() : std::string_view());
    }
    context.out.table(rows);
    return 0;
}

} // namespace envmesh::cli
