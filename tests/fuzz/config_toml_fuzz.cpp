// SPDX-License-Identifier: MIT
#include "core/config/config.h"
#include "core/config/project.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view toml(reinterpret_cast<const char*>(data), size);
    const auto config = envmesh::config::parse(toml, "fuzz.toml");
    if (!config && config.error().message.empty()) std::abort(); // every refusal says why
    const auto project = envmesh::config::parse_project(toml, "fuzz.toml");
    if (!project && project.error().message.empty()) std::abort();
    return 0;
}
