// SPDX-License-Identifier: MIT
#include "core/mesh/keyring.h"

#include <cassert>

namespace envmesh::mesh {
namespace {

Key draw(Random& random) {
    Key key;
    random.fill(key.writable());
    return key;
}

} // namespace

Keyring::Keyring(Key name_key, Epoch epoch, Key epoch_key)
    : name_key_(std::move(name_key)), current_(epoch) {
    add(epoch, std::move(epoch_key));
}

Keyring Keyring::create(Random& random) {
    Key name_key = draw(random);
    return {std::move(name_key), 0, draw(random)};
}

RecordId Keyring::record_id(std::string_view scope, std::string_view name) const {
    constexpr std::uint8_t separator[] = {0};
    return block<16>(crypto::hmac_sha256(name_key_, {view(scope), separator, view(name)}));
}

const Key* Keyring::epoch_key(Epoch epoch) const {
    const auto found = epochs_.find(epoch);
    return found == epochs_.end() ? nullptr : &found->second;
}

void Keyring::add(Epoch epoch, Key key) { epochs_.try_emplace(epoch, std::move(key)); }

void Keyring::make_current(Epoch epoch) {
    assert(epochs_.contains(epoch));
    current_ = epoch;
}

void Keyring::name_first_epoch(Epoch epoch) {
    auto first = epochs_.extract(current_);
    first.key() = epoch;
    epochs_.insert(std::move(first));
    current_ = epoch;
}

} // namespace envmesh::mesh
