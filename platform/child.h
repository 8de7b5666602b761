// SPDX-License-Identifier: MIT
// Programs that take our place, or that run beside us. No shell is between: words reach the program
// as they are.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace envmesh::platform {

struct Program {
    std::vector<std::string> words;  // the first is found by PATH of `environment`, as execvp does
    std::vector<Secret> environment; // "NAME=value" each, without NUL
};

/// Ours from here on: process id, terminal, signals and exit status are the program's. Returns only
/// when it cannot be started: `not_found`; `denied` (found, not executable); `invalid` (arguments
/// and environment together are more than the system takes); `internal`.
Error become(const Program& program);

/// What the program writes to its standard output. It is ended at the deadline (`timeout`), and
/// when that is more than `most_bytes` (`invalid`); `internal` when it does not end well. It is
/// given this environment, nothing to read, and nobody hears its errors.
Result<Secret> output_of(const std::vector<std::string>& words, std::size_t most_bytes,
                         std::chrono::steady_clock::time_point deadline);
/// The same with an environment of its own; the program is found by our PATH.
Result<Secret> output_of(const Program& program, std::size_t most_bytes,
                         std::chrono::steady_clock::time_point deadline);
/// Of this environment what tells a program where things are and how to speak: folders, buses,
/// language. None of the person's variables, so nothing that is secret.
std::vector<Secret> plain_environment();

/// A program of ours that is waited for on a thread of its own.
class Child {
  public:
    /// `ended` is called on that thread, with the status as a shell tells it: 128 + signal.
    static Result<std::unique_ptr<Child>> start(const Program& program,
                                                std::function<void(int status)> ended);
    virtual ~Child() = default;
    /// Asks it to end (SIGTERM), and after `patience` ends it; returns when it is gone and has
    /// given the terminal back. `ended` is not called. Returns the signal that was meant for it
    /// meanwhile and asks us to end instead of beginning another; 0 for none. What it has started
    /// itself goes on.
    virtual int end(std::chrono::milliseconds patience) = 0;
};

} // namespace envmesh::platform
