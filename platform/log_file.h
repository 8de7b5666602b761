// SPDX-License-Identifier: MIT
// A log that stays small: beyond 1 MiB it becomes `.1`, in place of the one before, and begins
// anew. 0600 in a folder of 0700.
#pragma once

#include "core/base/error.h"

#include <filesystem>
#include <memory>

namespace envmesh::platform {

class LogFile {
  public:
    static constexpr std::size_t most_bytes = 1'048'576;

    static Result<std::unique_ptr<LogFile>> open(const std::filesystem::path& file);
    virtual ~LogFile() = default;
    /// With its end of line. A disk that is full loses it.
    virtual void write(std::string_view line) = 0;
};

} // namespace envmesh::platform
