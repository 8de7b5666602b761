// SPDX-License-Identifier: MIT
// A chain on its way from one side to the other, in parts of at most 256 KiB (S5).
#pragma once

#include "core/sync/handshake_message.h"

namespace envmesh::sync {

ChainPoint point_of(const mesh::Chain& chain);
/// The chain has this very entry.
bool contains(const mesh::Chain& chain, const ChainPoint& point);
/// The entries from this height on; none when there are none.
Messages chain_parts(const mesh::Chain& chain, std::uint32_t from);

/// Collects parts; nothing in it is verified before `build`.
class PartialChain {
  public:
    PartialChain(std::uint32_t from, std::size_t most_bytes)
        : from_(from), most_bytes_(most_bytes) {}

    /// `protocol` when the part is not the next one, `denied` when it becomes too long.
    Result<> add(ChainPart part);
    [[nodiscard]] std::uint32_t from() const { return from_; }
    [[nodiscard]] bool complete() const { return complete_; }
    /// Verified from the genesis on, or on top of `base` when it starts higher; errors as in
    /// mesh/chain.h, `corrupt` when `base` does not end just below.
    [[nodiscard]] Result<mesh::Chain> build(const mesh::Chain* base) const;

  private:
    std::uint32_t from_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    bool complete_ = false;
    std::vector<Bytes> entries_;
};

} // namespace envmesh::sync
