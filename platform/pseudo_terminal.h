// SPDX-License-Identifier: MIT
// A program at a terminal that nobody sits at: it behaves as it would before a person, and the
// terminal that a person sits at is out of its reach.
#pragma once

#include "platform/child.h"

#include <chrono>

namespace envmesh::platform {

class PseudoTerminal {
  public:
    using Deadline = std::chrono::steady_clock::time_point;

    /// In the current folder, with a screen of 200 columns and 50 lines. `unreachable` when the
    /// system has no such terminals; else as `become`.
    static Result<std::unique_ptr<PseudoTerminal>> start(const Program& program);
    /// Ends all that runs at this terminal, at once and unasked, in whatever group it is, and
    /// returns when the program is gone. What made itself independent of terminals lives on.
    virtual ~PseudoTerminal() = default;

    /// What was shown since the last call; empty at the deadline. `unreachable`: nothing runs at
    /// this terminal any more.
    virtual Result<std::string> read(Deadline deadline) = 0;
    /// As if a person had typed it; '\r' is the key Enter. What the program does not take within
    /// the deadline is lost.
    virtual void type(std::string_view keys, Deadline deadline) = 0;
    /// The program itself, and none that it started, takes keys one by one: a shell at its prompt
    /// does, whoever asks for a line does not.
    [[nodiscard]] virtual bool awaits_keys() const = 0;
};

} // namespace envmesh::platform
