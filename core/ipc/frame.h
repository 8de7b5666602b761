// SPDX-License-Identifier: MIT
// Frames of the local socket: u32 little-endian length, then that many bytes (protocol §3). A
// length of 0 or above the limit is an error after which the connection is of no use.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

namespace envmesh::ipc {

inline constexpr std::size_t most_frame_bytes = 1024 * 1024;
inline constexpr std::size_t most_hello_bytes = 1024;

/// A frame ready to be written; `invalid` when the body is longer than `most_frame_bytes`.
Result<Secret> frame(View body);

/// Reads frames in pieces of any size: read into `space()`, tell `advance` how much came, and after
/// it says true `take` the body. Bodies may hold values, so they never leave wiped memory.
class FrameReader {
  public:
    explicit FrameReader(std::size_t most_bytes = most_hello_bytes) : most_bytes_(most_bytes) {}

    /// Where the next bytes go; never empty unless a body waits to be taken.
    [[nodiscard]] std::span<std::uint8_t> space();
    /// True when a body is complete; `protocol` for a length that is not allowed.
    Result<bool> advance(std::size_t count);
    [[nodiscard]] Secret take();
    /// For the frames after the hello.
    void allow(std::size_t most_bytes) { most_bytes_ = most_bytes; }

  private:
    static constexpr std::size_t header_bytes = 4;

    std::size_t most_bytes_;
    std::array<std::uint8_t, header_bytes> header_{};
    Secret body_;
    std::size_t filled_ = 0; // of header and body together
};

} // namespace envmesh::ipc
