// SPDX-License-Identifier: MIT
// What each command was asked, as the grammar (grammar.cpp) fills it in.
#pragma once

#include "cli/verb.h"

#include <optional>

namespace envmesh::cli {

struct InitOptions {
    std::string name, server, server_key, password_file, server_token_file;
};
struct UnlockOptions {
    std::string password_file;
    bool keychain = false;
};
struct InviteOptions {
    std::string ttl = "10m";
};
struct JoinOptions {
    std::string name, password_file;
    bool yes = false;
};
struct GetOptions {
    std::string key, scope;
    std::vector<std::string> profiles;
    std::optional<std::string> fallback;
    bool no_newline = false;
    bool copy = false;
    std::string clear = "30s";
};
struct SetOptions {
    std::vector<std::string> items; // KEY=VALUE, KEY=@file, KEY, KEY followed by "-"
    std::string scope, visibility, type, if_version;
    std::string inject; // yes, no; empty: as it is
    bool force = false;
};
struct DeleteOptions {
    std::vector<std::string> keys;
    std::string scope;
};
struct ListOptions {
    std::string scope; // empty: all of them
    bool values = false;
};
struct HistoryOptions {
    std::string key, scope;
    bool values = false;
};
struct RollbackOptions {
    std::string key, scope, to; // a number of the history, or a version
};
struct ConflictsOptions {
    bool values = false;
};
struct ExplainOptions {
    std::string key;
    std::vector<std::string> profiles;
};
struct ProfilesOptions {
    std::vector<std::string> names;
};
struct TrustOptions {
    std::vector<std::string> keys, profiles;
    std::optional<std::string> project; // a folder; empty: this one
    bool yes = false;
};
struct ExportOptions {
    std::string shell, format, output; // format empty: shell code
    std::vector<std::string> only, profiles;
    bool strict = false;
    bool hook = false; // only what differs from the shell that started us; quiet
};
struct RunOptions {
    std::vector<std::string> words, only, profiles; // words: the program and its arguments
    bool no_inherit = false;
    bool watch = false;
};
struct HookOptions {
    std::string shell;
};
struct ImportOptions {
    std::string file, format, prefix, scope; // file "-": standard input
    std::vector<std::string> filter;
    bool dry_run = false;
    bool overwrite = false;
    bool skip_invalid = false;
};
struct PeersOptions {
    bool probe = false;
};
struct DoctorOptions {
    std::string bundle; // a file for a report
};
struct DoctorLookOptions {
    std::string shell, nonce, tries; // tries: a variable of the hook; none where it did not begin
};
struct SyncOptions {
    std::string wait = "10s";
};
struct ConfigOptions {
    std::string key, value, file;
};
struct ServiceOptions {
    unsigned lines = 50;
    bool follow = false;
};
struct CompletionOptions {
    std::string shell;
};
struct GrammarOptions {
    Verb grammar; // the whole of it
};
struct NoOptions {};

} // namespace envmesh::cli
