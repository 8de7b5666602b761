// SPDX-License-Identifier: MIT
// One line per event: a name and key=value pairs, to one sink (standard error unless set). A Secret
// or a Key cannot be logged: it does not compile. Control characters in values are escaped, so a
// hostile name cannot forge a line.
#pragma once

#include "core/base/secret.h"

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

namespace envmesh {

enum class Level { debug, info, warning, error };

using LogSink = std::function<void(Level, std::string_view line)>;
/// Not thread safe: called once at the start of main.
void set_log_sink(LogSink sink, Level least = Level::info);

namespace detail {

void append_pair(std::string& line, std::string_view key, std::string_view value);
void write_line(Level level, std::string_view line);

inline std::string log_text(std::string_view value) { return std::string(value); }
std::string log_text(std::integral auto value) { return std::to_string(value); }
std::string log_text(const Secret&) = delete;
std::string log_text(const Key&) = delete;

inline void append_pairs(std::string&) {}
template <class Value, class... Rest>
void append_pairs(std::string& line, std::string_view key, const Value& value,
                  const Rest&... rest) {
    append_pair(line, key, log_text(value));
    append_pairs(line, rest...);
}

template <class... Pairs>
void log(Level level, std::string_view event, const Pairs&... pairs) {
    std::string line(event);
    append_pairs(line, pairs...);
    write_line(level, line);
}

} // namespace detail

template <class... Pairs>
void log_debug(std::string_view event, const Pairs&... pairs) {
    detail::log(Level::debug, event, pairs...);
}
template <class... Pairs>
void log_info(std::string_view event, const Pairs&... pairs) {
    detail::log(Level::info, event, pairs...);
}
template <class... Pairs>
void log_warning(std::string_view event, const Pairs&... pairs) {
    detail::log(Level::warning, event, pairs...);
}
template <class... Pairs>
void log_error(std::string_view event, const Pairs&... pairs) {
    detail::log(Level::error, event, pairs...);
}

} // namespace envmesh
