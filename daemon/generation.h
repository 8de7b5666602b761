// SPDX-License-Identifier: MIT
// A file beside the socket whose one line differs whenever what `export` prints may differ. A shell
// reads it at each prompt, without starting a program, to see whether it has to ask. Its line names
// nothing: this start of the daemon, and a count.
#pragma once

#include "core/base/clock.h"

#include <filesystem>

namespace envmesh::daemon {

class Generation {
  public:
    /// `socket` is in a folder of ours.
    Generation(const std::filesystem::path& socket, Random& random);
    /// Without the file a shell leaves things as they are.
    ~Generation();
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;
    /// Failing, it is told in the log, and the next change tries again.
    void next();

  private:
    std::filesystem::path file_;
    std::string start_;
    std::uint64_t count_ = 0;
};

} // namespace envmesh::daemon
