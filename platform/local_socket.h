// SPDX-License-Identifier: MIT
// The local socket that the daemon serves and front ends use: 0600 in a 0700 folder, same user at
// both ends (protocol §3). All waits have a deadline in steady milliseconds.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

namespace envmesh::platform {

using Deadline = std::chrono::steady_clock::time_point;

/// A front end's end. Non-blocking underneath, so a stopped daemon cannot hold the caller past its
/// deadline.
class LocalStream {
  public:
    virtual ~LocalStream() = default;
    virtual Result<> write(View bytes, Deadline deadline) = 0;
    /// Between 1 and buffer.size() bytes; `unreachable` when the other end closed, `timeout` at the
    /// deadline.
    virtual Result<std::size_t> read(std::span<std::uint8_t> buffer, Deadline deadline) = 0;

    /// `unreachable` when nothing listens; `denied` when what listens belongs to another user.
    static Result<std::unique_ptr<LocalStream>> connect(const std::filesystem::path& socket,
                                                        Deadline deadline);
};

/// The daemon's listening socket as a native handle. Call only while holding the instance lock: a
/// stale socket is removed, where it is ours and refuses a connection. With socket activation
/// (LISTEN_FDS) the inherited one is returned instead.
Result<int> listen_local(const std::filesystem::path& socket);
void remove_local(const std::filesystem::path& socket);
/// The process at the other end of this connected socket runs as our user.
bool is_same_user(int native_socket);

} // namespace envmesh::platform
