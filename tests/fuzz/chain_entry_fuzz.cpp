// SPDX-License-Identifier: MIT
#include "core/mesh/chain_entry.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    const auto entry = mesh::decode_entry(input, 3);
    if (!entry) return 0;
    fuzz::require(std::ranges::equal(entry->encoded, input));
    static const auto author = crypto::Identity::restore(Block<32>{}, Block<32>{});
    const auto again = mesh::sign_entry(*entry, {}, *author);
    fuzz::require(mesh::unsigned_hash(again) == mesh::unsigned_hash(*entry));
    return 0;
}
