// SPDX-License-Identifier: MIT
// How much one session handles at a time. Tests shrink these; the product uses the defaults, and
// servers set a quota (S6).
#pragma once

#include <cstddef>
#include <cstdint>

namespace envmesh::sync {

struct Limits {
    std::size_t batch_cells = 256;
    std::size_t batch_bytes = 512 * 1024;
    std::size_t window = 4; // unacknowledged batches
    // Unsent bytes. With the message that is being written and what is not the session's these are
    // the 4 MiB that one connection may hold (protocol §2.10).
    std::size_t outgoing_bytes = 1024 * 1024; // then live pushes give way to a pull
    std::size_t answer_bytes = 1024 * 1024;   // beyond that: who asks and does not read is cut off
    std::uint64_t quota_cells = 0;            // server: 0 = none
    std::uint64_t quota_bytes = 0;
    std::uint64_t pull_cells = 400'000; // a member takes no more at once: twice a server's default
    std::uint64_t pull_bytes = 512ULL * 1024 * 1024;
    // Received parts are kept in memory until they are this many, then staged on the disk. What is
    // staged is written twice, so a pull of usual size is not; a lost link stages the rest.
    std::size_t unstaged_batches = 64;
    std::uint64_t unstaged_bytes = 6 * 1024 * 1024;
};

} // namespace envmesh::sync
