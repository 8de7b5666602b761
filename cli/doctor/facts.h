// SPDX-License-Identifier: MIT
// All that the checks look at, asked for once. Each question to the daemon has an end, and after
// one that it does not answer it is asked no more.
#pragma once

#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/doctor/finding.h"
#include "cli/shell.h"
#include "platform/paths.h"

namespace envmesh::cli::diagnosis {

struct Facts {
    std::filesystem::path program; // this one
    Result<platform::Paths> paths;
    std::filesystem::path socket; // that is asked; empty when `paths` are not known
    bool is_socket_there = false;
    std::string parent, login; // shells, as far as they are; "" when they are none that we know
    Result<api::Hello> daemon;
    Result<api::Status::Reply> status;
    Result<api::Peers::Reply> peers;
    Result<api::Untrusted::Reply> untrusted;
    Result<api::Injected::Reply> injected;
    Result<api::Keychain::Reply> keychain;
    Result<api::Export::Reply> exported; // for this folder and the profiles of this environment
    std::vector<Wanted> wanted;          // of `exported`, what this shell can carry
};

Facts gather(const Context& context);

/// What a shell in this folder and this environment is to get.
Result<api::Export::Reply> ask_export(const std::filesystem::path& socket, ipc::Deadline deadline);
/// This process's own environment.
std::optional<std::string_view> inherited(const std::string& name);
/// Those of the wanted variables that are not there, or have another value.
struct Difference {
    std::vector<std::string> missing, different;
};
Difference difference(const std::vector<Wanted>& wanted);

/// One word of a command line for a shell.
std::string word(const std::filesystem::path& path);

} // namespace envmesh::cli::diagnosis
