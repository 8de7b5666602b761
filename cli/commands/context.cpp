// SPDX-License-Identifier: MIT
#include "cli/commands.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::chrono::milliseconds usual_timeout{35'000};  // the daemon itself gives up after 30 s
constexpr std::chrono::milliseconds person_timeout{75'000}; // and after 70 s where it asks somebody
constexpr std::chrono::milliseconds longest_wait{20'000};
constexpr std::chrono::seconds greeting_timeout{5};

} // namespace

ipc::Deadline Context::deadline() const {
    return std::chrono::steady_clock::now() + timeout.value_or(usual_timeout);
}

ipc::Deadline Context::deadline_with_person() const {
    return std::chrono::steady_clock::now() + timeout.value_or(person_timeout);
}

std::uint32_t Context::wait_ms() const {
    const auto wait = std::min(timeout.value_or(usual_timeout) / 2, longest_wait);
    return static_cast<std::uint32_t>(wait.count());
}

Result<ipc::Client> Context::connect() const {
    const auto soon = std::chrono::steady_clock::now() + greeting_timeout;
    return cli::connect(socket, std::min(deadline(), soon));
}

} // namespace envmesh::cli
