// SPDX-License-Identifier: MIT
// The secrets that members share: one epoch key per rotation (EK) and the name key (NK). They live
// in the locked database and in memory while unlocked; a server has none.
#pragma once

#include "core/crypto/hash.h"
#include "core/crypto/identity.h"

#include <map>
#include <optional>

namespace envmesh::mesh {

using RecordId = Block<16>;
using MeshId = crypto::Hash;
/// First four bytes of the hash of the entry that made the epoch (A10), as a big-endian number.
using Epoch = std::uint32_t;

class Keyring {
  public:
    Keyring(Key name_key, Epoch epoch, Key epoch_key);
    static Keyring create(Random& random); // epoch 0 until the genesis entry is known

    /// HMAC-SHA256(NK, scope ‖ 0 ‖ name), first 16 bytes: says nothing about the name to who lacks
    /// NK.
    [[nodiscard]] RecordId record_id(std::string_view scope, std::string_view name) const;
    [[nodiscard]] const Key& name_key() const { return name_key_; }
    [[nodiscard]] const Key* epoch_key(Epoch epoch) const; // null when we do not have it
    [[nodiscard]] Epoch current_epoch() const { return current_; }
    [[nodiscard]] const Key& current_key() const { return *epoch_key(current_); }
    [[nodiscard]] const std::map<Epoch, Key>& epoch_keys() const { return epochs_; }
    /// Keeps the key, unless the epoch has one already; `make_current` (an epoch we have) also
    /// writes with it from here on.
    void add(Epoch epoch, Key key);
    void make_current(Epoch epoch);
    /// The genesis entry is made: the key that `create` drew belongs to this epoch.
    void name_first_epoch(Epoch epoch);

  private:
    Key name_key_;
    std::map<Epoch, Key> epochs_;
    Epoch current_ = 0;
};

} // namespace envmesh::mesh
