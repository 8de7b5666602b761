// SPDX-License-Identifier: MIT
#include "cli/commands.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::chrono::seconds usual_timeout{35}; // the daemon itself gives up after 30 s
constexpr std::chrono::seconds greeting_timeout{5};

} // namespace

ipc::Deadline Context::deadline() const {
    return std::chrono::steady_clock::now() + timeout.value_or(usual_timeout);
}

Result<ipc::Client> Context::connect() const {
    const auto soon = std::chrono::steady_clock::now() + greeting_timeout;
    return cli::connect(socket, std::min(deadline(), soon));
}

} // namespace envmesh::cli
