// SPDX-License-Identifier: MIT
// The whole grammar: what was typed becomes one options struct and one function.
#pragma once

#include "cli/commands.h"

#include <functional>
#include <span>

namespace CLI { // NOLINT(readability-identifier-naming): the library's own name
class App;
}

namespace envmesh::cli {

struct Grammar {
    bool json = false;
    bool quiet = false;
    std::string colour = "auto", timeout, socket;

    InitOptions init;
    UnlockOptions unlock;
    InviteOptions invite;
    JoinOptions join;
    GetOptions get;
    SetOptions set;
    DeleteOptions remove;
    ListOptions list;
    HistoryOptions history;
    RollbackOptions rollback;
    ConflictsOptions conflicts;
    ExplainOptions explain;
    ProfilesOptions profiles;
    TrustOptions trust;
    ExportOptions exported;
    ImportOptions imported;
    HookOptions hook;
    RunOptions run_options;
    PeersOptions peers;
    DoctorOptions doctor;
    DoctorLookOptions doctor_look;
    SyncOptions sync;
    ConfigOptions config;
    ServiceOptions service;
    CompletionOptions completion;
    GrammarOptions grammar;
    NoOptions none;

    std::function<Exit(Context&)> run; // what was asked
};

void add_globals(CLI::App& app, Grammar& grammar);
/// The verbs that are among the words: the grammar of all of them costs a tenth of an export's
/// time, and a shell waits for that one. All when none is.
void add_verbs(CLI::App& app, Grammar& grammar, std::span<char* const> words);

} // namespace envmesh::cli
