// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_log.h"

#include "core/base/log.h"
#include "platform/linux/discovery_library.h"

#include <algorithm>
#include <atomic>
#include <chrono>

namespace envmesh::platform {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t most_line_bytes = 300;

bool is_address(std::string_view word) {
    const auto separators =
        std::ranges::count_if(word, [](char c) { return c == '.' || c == ':'; });
    return separators >= 2 && word.find_first_of("0123456789abcdefABCDEF") != word.npos &&
           std::ranges::all_of(word.substr(0, word.find('%')), [](char c) {
               return std::string_view("0123456789abcdefABCDEF.:").contains(c);
           });
}

// Only one function can be set for the whole process, and it is given nothing of ours.
void write(AvahiLogLevel level, const char* text) {
    static std::atomic<Clock::rep> quiet_until = 0;
    static std::atomic<unsigned> left_out = 0;
    if (level > AVAHI_LOG_WARN) return;
    const auto now = Clock::now();
    auto until = quiet_until.load();
    const auto next = (now + std::chrono::seconds(10)).time_since_epoch().count();
    if (now.time_since_epoch().count() < until ||
        !quiet_until.compare_exchange_strong(until, next)) {
        ++left_out;
        return;
    }
    const auto line = without_addresses(std::string_view(text).substr(0, most_line_bytes));
    if (level == AVAHI_LOG_ERROR)
        log_warning("avahi", "says", line, "left_out", left_out.exchange(0));
    else
        log_debug("avahi", "says", line, "left_out", left_out.exchange(0));
}

} // namespace

std::string without_addresses(std::string_view line) {
    constexpr std::string_view around = " \t\n'\"[](),;";
    std::string result;
    while (!line.empty()) {
        const auto length = std::min(line.find_first_of(around), line.size());
        const std::string_view word = line.substr(0, length);
        result += is_address(word) ? "(address)" : word;
        if (length < line.size()) result += line[length];
        line.remove_prefix(std::min(length + 1, line.size()));
    }
    return result;
}

void route_avahi_log() {
    if (core_library() != nullptr) core_library()->set_log_function(write);
}

} // namespace envmesh::platform
