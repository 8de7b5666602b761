// SPDX-License-Identifier: MIT
#include "core/mesh/chain.h"

#include <algorithm>

namespace envmesh::mesh {
namespace {

/// One side of a fork: the chain, and where it parts from the other.
struct Branch {
    const Chain& chain;
    std::size_t from;

    [[nodiscard]] const Entry& first() const { return chain.entries()[from]; }
    [[nodiscard]] std::uint32_t author_added_at() const {
        return chain.member(first().author)->added_at;
    }
};

/// Whom an entry takes rights from. Losing the admin role counts as well: else a demoted admin
/// could undo it by a fork.
const DeviceId* loser_of(const Entry& entry) {
    if (const auto* remove = std::get_if<RemoveBody>(&entry.body)) return &remove->device;
    const auto* change = std::get_if<RoleBody>(&entry.body);
    return change && change->role != Role::admin ? &change->device : nullptr;
}

/// Anywhere in the branch, not only in its first entry: an admin who goes rogue must not win
/// because his removal came second.
bool removes(const Branch& branch, const DeviceId& device) {
    const auto& entries = branch.chain.entries();
    const auto after = std::ranges::subrange(
        entries.begin() + static_cast<std::ptrdiff_t>(branch.from), entries.end());
    return std::ranges::any_of(after, [&device](const Entry& entry) {
        const DeviceId* loser = loser_of(entry);
        return loser && *loser == device;
    });
}

bool first_wins(const Branch& a, const Branch& b) {
    const bool a_removes_author = removes(a, b.first().author);
    const bool b_removes_author = removes(b, a.first().author);
    if (a_removes_author != b_removes_author) return a_removes_author;
    const bool a_removes = a_removes_author || loser_of(a.first());
    const bool b_removes = b_removes_author || loser_of(b.first());
    if (a_removes != b_removes) return a_removes;
    if (a_removes && a.author_added_at() != b.author_added_at())
        return a.author_added_at() < b.author_added_at();
    return a.first().hash() < b.first().hash();
}

} // namespace

const Chain& Chain::preferred(const Chain& a, const Chain& b) {
    const auto [in_a, in_b] =
        std::ranges::mismatch(a.entries_, b.entries_, {}, &Entry::encoded, &Entry::encoded);
    if (in_b == b.entries_.end()) return a;
    if (in_a == a.entries_.end()) return b;
    const auto from = static_cast<std::size_t>(in_a - a.entries_.begin());
    return first_wins({a, from}, {b, from}) ? a : b;
}

} // namespace envmesh::mesh
