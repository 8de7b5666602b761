// SPDX-License-Identifier: MIT
#include "cli/commands/variable.h"

#include "core/base/clock.h"

#include <iterator>

namespace envmesh::cli {

Object describe(const api::Variable& variable) {
    Object out{{"key", variable.key},
               {"scope", variable.scope},
               {"profile", variable.profile},
               {"visibility", variable.visibility},
               {"type", variable.type},
               {"version", variable.version},
               {"updated_at", rfc3339(variable.updated_at_ms)},
               {"updated_by", variable.updated_by},
               {"expires_at", time_or_null(variable.expires_at_ms)},
               {"conflict", variable.conflict}};
    if (variable.value) out.push_back(value_field(*variable.value));
    return out;
}

Result<std::vector<api::Variable>> all_variables(const Context& context, bool values) {
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

void show_written(Output& out, const Written& written) {
    if (!out.is_json()) {
        if (written.pending_sync > written.keys.size()) // more than what is just being sent
            out.note("stored here; " + std::to_string(written.pending_sync) +
                     " changes wait to be sent.");
        return;
    }
    for (std::size_t i = 0; i < written.keys.size(); ++i)
        out.object({{"ok", true},
                    {"key", written.keys[i]},
                    {"version", i < written.versions.size() ? written.versions[i] : ""},
                    {"pending_sync", written.pending_sync}});
}

} // namespace envmesh::cli
