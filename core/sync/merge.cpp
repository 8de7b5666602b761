// SPDX-License-Identifier: MIT
#include "core/sync/merge.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace envmesh::sync {
namespace {

bool covers(const Context& context, const Dot& dot) {
    const auto at = std::ranges::lower_bound(context, dot.device, {}, &Dot::device);
    return at != context.end() && at->device == dot.device && at->hlc >= dot.hlc;
}

bool later(const Dot& a, const Dot& b) {
    return std::tie(a.hlc, a.device) > std::tie(b.hlc, b.device);
}

} // namespace

std::vector<std::size_t> visible(const std::vector<Opened>& cells) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const bool dominated = std::ranges::any_of(cells, [&](const Opened& other) {
            return &other != &cells[i] && covers(other.variable.context, cells[i].dot);
        });
        if (!dominated) out.push_back(i);
    }
    std::ranges::sort(out, later, [&](std::size_t i) -> const Dot& { return cells[i].dot; });
    return out;
}

Context context_of(const std::vector<Opened>& cells) {
    VersionVector joined;
    const auto add = [&](const Dot& dot) {
        Hlc& hlc = joined[dot.device];
        hlc = std::max(hlc, dot.hlc);
    };
    for (const Opened& cell : cells) {
        add(cell.dot);
        std::ranges::for_each(cell.variable.context, add);
    }
    Context out;
    for (const auto& [device, hlc] : joined)
        out.push_back({device, hlc});
    // More writers than a context may name (A3): forgetting the oldest shows a conflict, no loss.
    while (out.size() > most_context)
        out.erase(std::ranges::min_element(out, {}, &Dot::hlc));
    return out;
}

} // namespace envmesh::sync
