// SPDX-License-Identifier: MIT
// One function for each command: what was asked in, exit status out. An error is printed by main,
// which also turns it into the exit status (cli/README.md).
#pragma once

#include "cli/connect.h"
#include "cli/output.h"

#include <optional>

namespace envmesh::cli {

using Exit = Result<int>;

struct Context {
    Output& out;
    std::filesystem::path socket;                     // empty: the usual place
    std::optional<std::chrono::milliseconds> timeout; // empty: longer than the daemon's own limit
    ipc::Deadline started;                            // when the program began

    [[nodiscard]] ipc::Deadline deadline() const;
    /// How long the daemon may wait for something to tell: well below the deadline.
    [[nodiscard]] std::uint32_t wait_ms() const;
    /// With 5 s at most for the greeting: a daemon that is stopped does not answer.
    [[nodiscard]] Result<ipc::Client> connect() const;
    /// One question on a connection of its own.
    template <class Call>
    Result<typename Call::Reply> ask(Call call) const {
        auto client = connect();
        if (!client) return std::unexpected(std::move(client.error()));
        return client->ask(std::move(call), deadline());
    }
};

struct InitOptions {
    std::string name, server, server_key, password_file, server_token_file;
};
struct UnlockOptions {
    std::string password_file;
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
};
struct SetOptions {
    std::vector<std::string> items; // KEY=VALUE, KEY=@file, KEY, KEY followed by "-"
    std::string scope, visibility, type, if_version;
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
    std::vector<std::string> keys;
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
struct SyncOptions {
    std::string wait = "10s";
};
/// The grammar as a completion needs it; main fills it in from the parser.
struct Verb {
    std::string name, description;
    std::vector<std::string> options;
};
struct CompletionOptions {
    std::string shell;
    std::vector<Verb> verbs;
};
struct NoOptions {};

Exit init(Context&, const InitOptions&);
Exit unlock(Context&, const UnlockOptions&);
Exit lock(Context&, const NoOptions&);
Exit invite(Context&, const InviteOptions&);
Exit join(Context&, const JoinOptions&);
Exit devices(Context&, const NoOptions&);
Exit get(Context&, const GetOptions&);
Exit set(Context&, const SetOptions&);
Exit remove(Context&, const DeleteOptions&);
Exit list(Context&, const ListOptions&);
Exit history(Context&, const HistoryOptions&);
Exit rollback(Context&, const RollbackOptions&);
Exit conflicts(Context&, const ConflictsOptions&);
Exit explain(Context&, const ExplainOptions&);
Exit profiles(Context&, const NoOptions&);
Exit use_profiles(Context&, const ProfilesOptions&);
Exit create_profile(Context&, const ProfilesOptions&);
Exit delete_profile(Context&, const ProfilesOptions&);
Exit trust(Context&, const TrustOptions&);
Exit distrust(Context&, const TrustOptions&);
/// Shell code within 150 ms of the program's start, whatever the daemon does (protocol §3).
Exit export_variables(Context&, const ExportOptions&);
/// Refuses all when a name is no name, or has another value and may not be overwritten.
Exit import_variables(Context&, const ImportOptions&);
/// Becomes the program; returns only when that fails (125, 126, 127), or with --watch.
Exit run(Context&, const RunOptions&);
Exit hook(Context&, const HookOptions&);
Exit install_hook(Context&, const HookOptions&);
Exit uninstall_hook(Context&, const HookOptions&);
Exit peers(Context&, const PeersOptions&);
Exit sync(Context&, const SyncOptions&);
Exit status(Context&, const NoOptions&);
Exit watch(Context&, const NoOptions&);
Exit reload(Context&, const NoOptions&);
Exit shutdown(Context&, const NoOptions&);
Exit completion(Context&, const CompletionOptions&);
Exit version(Context&, const NoOptions&);

} // namespace envmesh::cli
