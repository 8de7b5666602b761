// SPDX-License-Identifier: MIT
// One error type from SQLite to the exit status: programs branch on `code`, people read `message`
// (a full sentence naming the thing) and `fix` (the next step, may be empty). Neither ever contains
// a variable's value.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace envmesh {

enum class Code {
    internal,     // a fault of ours or of the machine                                    exit 1
    usage,        // the command line or the call is malformed                            exit 2
    not_found,    // no such variable, device, invitation                                 exit 3
    unreachable,  // no daemon, no server                                                 exit 4
    timeout,      // it did not answer in time                                            exit 4
    absent,       // there is no vault on this machine yet                                exit 5
    locked,       // the vault is locked                                                  exit 5
    wrong_secret, // the password, key or code was not accepted                           exit 5
    denied,       // policy, a person or the other side said no                           exit 6
    incomplete,   // synchronisation is not complete                                      exit 7
    conflict,     // the state is not what the caller required                            exit 8
    protocol,     // the other side speaks another protocol, or breaks it                 exit 9
    too_new,      // written by a newer version                                           exit 9
    invalid,      // a name, value or input that cannot be represented                    exit 65
    corrupt,      // stored data is damaged                                               exit 74
    storage,      // the disk is full or fails                                            exit 74
};

struct Error {
    Code code = Code::internal;
    std::string message;
    std::string fix;
};

template <class T = void>
using Result = std::expected<T, Error>;

std::unexpected<Error> fail(Code code, std::string message, std::string fix = {});

/// "NOT_FOUND": the code as JSON and the IPC carry it. Stable.
std::string_view wire_name(Code code);
/// The inverse; an unknown name (from a newer daemon) is `internal`.
Code code_from_wire(std::string_view name);
/// The process exit status for the code, as documented in cli/README.md.
int exit_status(Code code);

} // namespace envmesh
