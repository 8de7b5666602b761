// SPDX-License-Identifier: MIT
// The environment that programs get which no shell starts. On Linux: systemd's user manager, over
// its bus and through environment.d(5) for a manager that starts again, and the session bus's
// activation environment. What stood there before is remembered and comes back exactly, also after
// a crash. Nothing of it is on a disk: the file of environment.d is a link to one in the runtime
// folder, which is memory. Calls wait (each at most 10 s): never on the owner thread.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace envmesh::platform {

struct Assignment {
    std::string name;
    Secret value;
};

/// What of it did not get everywhere: "environment.d cannot carry an empty value".
struct Unpublished {
    std::string name, reason;
    bool nowhere = false; ///< no place has it
};
struct Publication {
    std::vector<std::string>
        places; ///< "systemd user manager", "environment.d", "D-Bus activation"
    std::vector<Unpublished> refused;
    std::string reason;   ///< why a place is missing, sentences; empty when each was reached
    bool is_owed = false; ///< none was wanted, and something of ours is still there
};

class SessionEnvironment {
  public:
    virtual ~SessionEnvironment() = default;
    /// Makes these, and none else, ours: new ones are set, changed ones replaced, those of before
    /// that are not among them are undone: a name gets the value that stood there before we set it,
    /// or goes. A value that somebody else has put there since stays. With none at all everything
    /// of ours is gone, and so are our files.
    virtual Result<Publication> publish(const std::vector<Assignment>& wanted) = 0;
};

/// `memory` is a folder of ours that is not on a disk and goes with the login session
/// ($XDG_RUNTIME_DIR/envmesh): what is remembered stands there. `settings` is XDG_CONFIG_HOME.
std::unique_ptr<SessionEnvironment> system_environment(const std::filesystem::path& memory,
                                                       const std::filesystem::path& settings);

} // namespace envmesh::platform
