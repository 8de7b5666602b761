// SPDX-License-Identifier: MIT
#include "core/crypto/vault.h"
#include "tests/fuzz/canonical.h"

using namespace envmesh;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    const auto vault =
        crypto::Vault::parse({reinterpret_cast<const char*>(input.data()), input.size()});
    if (!vault) return fuzz::require(!vault.error().message.empty()), 0;
    const auto again = crypto::Vault::parse(vault->to_json());
    fuzz::require(again && again->to_json() == vault->to_json());
    return 0;
}
