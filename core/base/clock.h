// SPDX-License-Identifier: MIT
// Time and randomness come from outside, so that many nodes run in one process under a virtual
// clock and one seed. No other code asks the system for either.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace envmesh {

class Clock {
  public:
    virtual ~Clock() = default;
    /// Milliseconds since 1970-01-01 UTC. May be wrong by years, and may jump.
    virtual std::int64_t wall_ms() = 0;
    /// Milliseconds since some fixed moment. Never jumps: all timeouts use this.
    virtual std::int64_t steady_ms() = 0;
};

class SystemClock final : public Clock {
  public:
    std::int64_t wall_ms() override;
    std::int64_t steady_ms() override;
};

class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

/// The operating system's generator, through libsodium.
class SystemRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> bytes) override;
};

/// "2026-11-22T19:36:20.123Z" (RFC 3339, UTC) for milliseconds since 1970.
std::string rfc3339(std::int64_t wall_ms);

} // namespace envmesh
