// SPDX-License-Identifier: MIT
// What two sessions say to each other; the table stands in core/sync/README.md. Canonical: decode
// accepts exactly what encode produces. Every count is bounded before anything is kept.
#pragma once

#include "core/sync/authority.h"

#include <variant>

namespace envmesh::sync {

struct Pull {
    VersionVector versions; // empty: everything is asked for
    std::optional<Resume> resume;
};
struct Begin {
    bool resumed = false; // the resume clause of the Pull is honoured
    VersionVector target;
    std::uint64_t expected = 0; // cells; 0: not known
};
/// Envelopes as received, and the cells that they are once checked; not authentic: `nullopt`. When
/// sending, only `envelopes` is used.
struct Envelopes {
    std::vector<Bytes> envelopes;
    std::vector<std::optional<Cell>> checked; // of the same size after decode
};
struct Batch : Envelopes {};
struct Ack {};
struct End {};
struct Offer {
    bool full = false;
    VersionVector versions;
    std::optional<Hash> digest;
};
struct Push : Envelopes {
    VersionVector from;
    VersionVector to;
};
struct Applied {
    VersionVector versions;
};
struct Settled {
    VersionVector versions;
    std::optional<Hash> digest;
};
struct Quota {
    std::uint64_t cells = 0;
    std::uint64_t bytes = 0;
};
struct Poke {};

using Message =
    std::variant<Pull, Begin, Batch, Ack, End, Offer, Push, Applied, Settled, Quota, Poke>;

inline constexpr std::size_t most_message_bytes = 1024 * 1024;
inline constexpr std::size_t most_message_entries = 4096;

Bytes encode(const Message& message);
/// `protocol`, with the type, for anything that `encode` would not have produced.
Result<Message> decode(View bytes);

/// How many envelopes wait for check_cells. Checking costs about 0.1 ms each.
std::size_t cells_to_check(const Message& message);
inline bool wants_check(const Message& message) { return cells_to_check(message) > 0; }
/// Checks envelopes [first, first + count). Slices of one message may run on several threads at
/// once; an envelope that was never checked counts as not authentic.
void check_cells(const Authority& authority, Message& message, std::size_t first,
                 std::size_t count);
inline void check_cells(const Authority& authority, Message& message) {
    check_cells(authority, message, 0, cells_to_check(message));
}

} // namespace envmesh::sync
