// SPDX-License-Identifier: MIT
// The checks of `doctor`. Each says that all is well, or what is not and what to do; none at all
// when it does not concern this machine.
#pragma once

#include "cli/doctor/facts.h"

namespace envmesh::cli::diagnosis {

// checks_daemon.cpp
Findings program(const Facts&);
Findings daemon(const Facts&);
Findings version(const Facts&);
// checks_service.cpp
Findings service(const Facts&);
// checks_files.cpp
Findings folders(const Facts&);
Findings configuration(const Facts&);
Findings disk(const Facts&);
// checks_vault.cpp
Findings vault(const Facts&);
Findings records(const Facts&);
Findings pending(const Facts&);
Findings conflicts(const Facts&);
Findings connection(const Facts&);
Findings clock(const Facts&);
// checks_login.cpp
Findings keychain(const Facts&);
Findings locking(const Facts&);
Findings injection(const Facts&);
// checks_variables.cpp
Findings approval(const Facts&);
Findings left_out(const Facts&);
Findings project(const Facts&);
Findings surroundings(const Facts&);
Findings this_shell(const Facts&);
// checks_shells.cpp
/// SHELL, when it is one that no hook can serve.
Findings login_shell(const Facts&);
Findings start_up_files(const Facts&);
/// Starts each shell that has the hook and looks at what a program gets there.
Findings new_shells(const Facts&);

} // namespace envmesh::cli::diagnosis
