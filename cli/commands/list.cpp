// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"
#include "core/base/clock.h"

#include <iterator>

namespace envmesh::cli {
namespace {

Result<std::vector<api::Variable>> all_pages(Context& context, bool values) {
    auto client = context.connect();
    if (!client) return std::unexpected(std::move(client.error()));
    std::vector<api::Variable> all;
    std::string after;
    do {
        api::List call;
        call.values = values;
        call.after = after;
        auto page = client->ask(std::move(call), context.deadline());
        if (!page) return std::unexpected(std::move(page.error()));
        std::ranges::move(page->variables, std::back_inserter(all));
        if (!page->next.empty() && page->next == after)
            return fail(Code::protocol, "The daemon repeats a page of the list.");
        after = page->next;
    } while (!after.empty());
    return all;
}

} // namespace

Exit list(Context& context, const ListOptions& options) {
    const auto variables = all_pages(context, options.values);
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
