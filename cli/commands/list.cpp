// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

bool matches(const ListOptions& options, const api::Variable& variable) {
    return options.scope.empty() || variable.scope == options.scope;
}

} // namespace

Exit list(Context& context, const ListOptions& options) {
    auto variables = all_variables(context, options.values);
    if (!variables) return std::unexpected(variables.error());
    std::erase_if(*variables, [&](const api::Variable& one) { return !matches(options, one); });
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
