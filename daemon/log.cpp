// SPDX-License-Identifier: MIT
#include "daemon/log.h"

#include "core/base/clock.h"
#include "platform/log_file.h"
#include "platform/process.h"

#include <array>

namespace envmesh::daemon {

Result<LogSink> log_into(const std::filesystem::path& file) {
    auto opened = platform::LogFile::open(file);
    if (!opened) return std::unexpected(opened.error());
    // A function is copied; the file is one.
    return [log = std::shared_ptr<platform::LogFile>(std::move(*opened))](Level level,
                                                                          std::string_view line) {
        constexpr std::array levels{" debug ", " info ", " warning ", " error "};
        log->write(rfc3339(SystemClock().wall_ms()) + levels.at(static_cast<std::size_t>(level)) +
                   std::string(line) + '\n');
    };
}

void set_log_level(const LogSink& sink, std::string_view level) {
    const Level least = level == "debug"     ? Level::debug
                        : level == "warning" ? Level::warning
                        : level == "error"   ? Level::error
                                             : Level::info;
    set_log_sink(sink, least);
}

void warn_of_swap() {
    if (!platform::can_lock_memory())
        log_warning("memory_not_locked", "reason",
                    "no memory may be locked (RLIMIT_MEMLOCK): keys can get into swap");
}

} // namespace envmesh::daemon
