// SPDX-License-Identifier: MIT
#include "core/config/config.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view toml(reinterpret_cast<const char*>(data), size);
    const auto config = envmesh::config::parse(toml, "fuzz.toml");
    if (!config && config.error().message.empty()) std::abort(); // every refusal says why
    return 0;
}
