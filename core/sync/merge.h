// SPDX-License-Identifier: MIT
// What the changes of one variable add up to (protocol §2.9): a change is dominated when another
// change's context covers it; of the rest the largest (hlc, device) wins, and the others are real
// conflicts. Order and repetition of the changes do not matter.
#pragma once

#include "core/sync/variable.h"

#include <optional>

namespace envmesh::sync {

/// A readable cell of one record.
struct Opened {
    Dot dot;
    Variable variable;
    std::size_t padded = 0; // bytes of the plaintext with its padding
};

/// Indices of the undominated changes, the winner first.
std::vector<std::size_t> visible(const std::vector<Opened>& cells);
/// What a write that has seen these changes covers: their dots and contexts joined.
Context context_of(const std::vector<Opened>& cells);

} // namespace envmesh::sync
