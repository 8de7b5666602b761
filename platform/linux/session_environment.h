// SPDX-License-Identifier: MIT
// The same as system_environment, telling how far it is: tests end the process there.
#pragma once

#include "platform/environment.h"

#include <functional>

namespace envmesh::platform {

enum class Passed { remembered, filed, activated, managed };

std::unique_ptr<SessionEnvironment> observed_environment(const std::filesystem::path& memory,
                                                         const std::filesystem::path& settings,
                                                         std::function<void(Passed)> passed);

} // namespace envmesh::platform
