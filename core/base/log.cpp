// SPDX-License-Identifier: MIT
#include "core/base/log.h"

#include "core/base/clock.h"

#include <cstdio>
#include <mutex>

namespace envmesh {
namespace {

struct Output {
    std::mutex mutex; // the crypto pool may log too
    LogSink sink;
    Level least = Level::info;
};

Output& output() {
    static Output instance;
    return instance;
}

constexpr std::string_view level_name(Level level) {
    switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
    }
    return "?";
}

bool is_plain(std::string_view value) {
    return !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
}

} // namespace

void set_log_sink(LogSink sink, Level least) {
    output().sink = std::move(sink);
    output().least = least;
}

namespace detail {

void append_pair(std::string& line, std::string_view key, std::string_view value) {
    std::string safe;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') safe += '\\';
        if (byte < 0x20 || byte == 0x7f)
            safe += "\\x" + hex(View(&byte, 1));
        else
            safe += c;
    }
    line.append(" ").append(key).append("=");
    line += is_plain(safe) ? safe : '"' + safe + '"';
}

void write_line(Level level, std::string_view line) {
    const std::scoped_lock lock(output().mutex);
    if (level < output().least) return;
    if (output().sink) return output().sink(level, line);
    const std::string whole = rfc3339(SystemClock().wall_ms()) + ' ' +
                              std::string(level_name(level)) + ' ' + std::string(line) + '\n';
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

} // namespace detail
} // namespace envmesh
