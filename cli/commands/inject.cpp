// SPDX-License-Identifier: MIT
#include "cli/commands.h"

namespace envmesh::cli {
namespace {

void show_json(Output& out, const api::Injected::Reply& now) {
    std::vector<Object> items;
    for (const api::Injected::Item& item : now.items)
        items.push_back({{"key", item.key},
                         {"scope", item.scope},
                         {"state", item.state},
                         {"reason", item.reason}});
    out.object({{"variables", items}, {"places", now.places}, {"reason", now.reason}});
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : ", ") + word;
    return out;
}

} // namespace

Exit injected(Context& context, const NoOptions&) {
    const auto now = context.ask(api::Injected());
    if (!now) return std::unexpected(now.error());
    Output& out = context.out;
    if (out.is_json()) {
        show_json(out, *now);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "SCOPE", "STATE", ""}};
    for (const api::Injected::Item& item : now->items)
        rows.push_back({item.key, item.scope, item.state, item.reason});
    out.table(rows);
    if (now->items.empty()) out.note("none; `envmesh-cli set --inject KEY` adds one.");
    if (!now->places.empty()) out.line("brought to: " + joined(now->places));
    if (!now->reason.empty())
        out.line((now->places.empty() ? "not brought anywhere: " : "not everywhere: ") +
                 now->reason);
    return 0;
}

} // namespace envmesh::cli
