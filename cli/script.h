// SPDX-License-Identifier: MIT
// Text that a shell evaluates (shell.md §4.2): whatever the value, the shell ends up with exactly
// its bytes and runs nothing. What a shell cannot carry is refused, never damaged.
#pragma once

#include "cli/shell.h"
#include "core/base/bytes.h"

namespace envmesh::cli {

/// Letters, digits, underscore, not a digit first, at most 255: anything else would be shell code.
bool is_variable_name(std::string_view name);

/// Empty, or why this shell cannot have the variable.
std::string_view why_not(Dialect dialect, std::string_view name, View value);

/// The text as the shell writes a constant. cmd has no such thing: its value is written as it is.
std::string quoted(Dialect dialect, std::string_view text);

class Script {
  public:
    explicit Script(Dialect dialect);
    Script(Script&&) = default;
    Script& operator=(Script&&) = delete;
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
    ~Script(); // wipes

    /// Sets and exports the variable. False, with nothing appended, when there is a `why_not`.
    bool set(std::string_view name, View value);
    /// A variable that is not set stays so, without a word. The name is one.
    void unset(std::string_view name);
    /// All of it; the last call. Empty (for nu, an empty object) when nothing was set or unset.
    std::string_view finish();

  private:
    void member(std::string_view name, std::string_view json);

    Dialect dialect_;
    std::string text_;
    std::string names_; // for xonsh, with a space before each
};

} // namespace envmesh::cli
