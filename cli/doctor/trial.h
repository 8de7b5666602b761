// SPDX-License-Identifier: MIT
// The real path: a shell is started as a terminal would start it, with the person's own start-up
// files, and this program is typed at its prompt. There it compares its own environment with what
// the daemon says, and tells names through that terminal. A value is in no argument, no file and no
// message: each of the two processes asks the daemon itself.
#pragma once

#include "cli/doctor/facts.h"

namespace envmesh::cli::diagnosis {

/// What the program saw in the shell.
struct Sight {
    std::string program; // in PATH: "same" as this one, "other", "none"
    bool same_daemon = false;
    bool asked = false;   // the daemon answered
    bool follows = false; // the hook has run
    bool begun = false;   // its code was read; only bash, zsh and fish can tell
    std::size_t total = 0, missing = 0, different = 0;
    std::vector<std::string> missing_names, different_names; // the first of them
};

/// What is typed into `shell` for the sight to be told. `nonce` keeps what we said apart from the
/// echo of what we typed.
std::string typed(const Shell& shell, const std::vector<std::string>& words);
std::string told(const Sight& sight, const std::string& nonce);
/// Nothing while it is not all there.
std::optional<Sight> heard(std::string_view shown, const std::string& nonce);

/// `timeout`: no prompt, or no answer at it; `unreachable`: it ended, or cannot be started.
Result<Sight> try_shell(const Shell& shell, const Facts& facts);

/// As the program that was typed: looks around, tells, and waits for its end, so that the shell
/// does nothing more. `tries` is what that variable of the hook holds.
int look_around(Context& context, const std::string& shell, const std::string& nonce,
                const std::string& tries);

} // namespace envmesh::cli::diagnosis
