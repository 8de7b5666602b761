// SPDX-License-Identifier: MIT
#include "core/base/clock.h"

#include <array>
#include <chrono>
#include <cstdio>

#include <sodium.h>

namespace envmesh {
namespace {

template <class C>
std::int64_t since_epoch() {
    const auto since = C::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

} // namespace

std::int64_t SystemClock::wall_ms() { return since_epoch<std::chrono::system_clock>(); }
std::int64_t SystemClock::steady_ms() { return since_epoch<std::chrono::steady_clock>(); }

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
    randombytes_buf(bytes.data(), bytes.size());
}

std::string rfc3339(std::int64_t wall_ms) {
    using namespace std::chrono;
    const sys_time<milliseconds> moment{milliseconds(wall_ms)};
    const auto day = floor<days>(moment);
    const year_month_day date{day};
    const hh_mm_ss time{moment - day};
    std::array<char, 64> out{};
    const int length = std::snprintf(
        out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
        static_cast<int>(time.subseconds().count()));
    return {out.data(), static_cast<std::size_t>(length)};
}

} // namespace envmesh
