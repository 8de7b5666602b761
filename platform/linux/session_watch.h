// SPDX-License-Identifier: MIT
// The same as SessionWatch::start, on another bus than the system's: for tests.
#pragma once

#include "platform/session.h"

namespace envmesh::platform {

Result<std::unique_ptr<SessionWatch>> watch_sessions(std::string address,
                                                     std::function<void(SessionNews)> heard);

} // namespace envmesh::platform
