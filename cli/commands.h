// SPDX-License-Identifier: MIT
// One function for each command: what was asked in, exit status out. An error is printed by main,
// which also turns it into the exit status (cli/README.md).
#pragma once

#include "cli/connect.h"
#include "cli/options.h"
#include "cli/output.h"

namespace envmesh::cli {

using Exit = Result<int>;

struct Context {
    Output& out;
    std::filesystem::path socket;                     // empty: the usual place
    std::optional<std::chrono::milliseconds> timeout; // empty: longer than the daemon's own limit
    ipc::Deadline started;                            // when the program began

    [[nodiscard]] ipc::Deadline deadline() const;
    /// Of a call that may put a question to a person.
    [[nodiscard]] ipc::Deadline deadline_with_person() const;
    /// How long the daemon may wait for something to tell: well below the deadline.
    [[nodiscard]] std::uint32_t wait_ms() const;
    /// With 5 s at most for the greeting: a daemon that is stopped does not answer.
    [[nodiscard]] Result<ipc::Client> connect() const;
    /// One question on a connection of its own.
    template <class Call>
    Result<typename Call::Reply> ask(Call call) const {
        auto client = connect();
        if (!client) return std::unexpected(std::move(client.error()));
        const auto until = api::asks_person(call) ? deadline_with_person() : deadline();
        return client->ask(std::move(call), until);
    }
};

Exit init(Context&, const InitOptions&);
Exit unlock(Context&, const UnlockOptions&);
Exit lock(Context&, const NoOptions&);
Exit keychain_status(Context&, const NoOptions&);
Exit enable_keychain(Context&, const UnlockOptions&);
Exit disable_keychain(Context&, const NoOptions&);
Exit injected(Context&, const NoOptions&);
Exit invite(Context&, const InviteOptions&);
Exit join(Context&, const JoinOptions&);
Exit devices(Context&, const NoOptions&);
Exit get(Context&, const GetOptions&);
Exit set(Context&, const SetOptions&);
Exit remove(Context&, const DeleteOptions&);
Exit list(Context&, const ListOptions&);
Exit history(Context&, const HistoryOptions&);
Exit rollback(Context&, const RollbackOptions&);
Exit resolve(Context&, const RollbackOptions&);
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
/// 1 when something is at fault.
Exit doctor(Context&, const DoctorOptions&);
/// What `doctor` types into the shells that it starts.
Exit doctor_look(Context&, const DoctorLookOptions&);
Exit watch(Context&, const NoOptions&);
Exit reload(Context&, const NoOptions&);
Exit get_setting(Context&, const ConfigOptions&);
/// Writes the file, or leaves it as it is and fails; then has the daemon read it.
Exit set_setting(Context&, const ConfigOptions&);
Exit unset_setting(Context&, const ConfigOptions&);
Exit config_path(Context&, const NoOptions&);
Exit check_config(Context&, const ConfigOptions&);
Exit shutdown(Context&, const NoOptions&);
/// Ends a daemon of these folders that was started by hand.
Exit install_service(Context&, const NoOptions&);
Exit uninstall_service(Context&, const NoOptions&);
/// 3 when there is no service, 4 when it runs no daemon.
Exit service_status(Context&, const NoOptions&);
/// Becomes the program that prints them.
Exit service_logs(Context&, const ServiceOptions&);
Exit completion(Context&, const CompletionOptions&);
/// What can stand where the last of the words on standard input begins; asked by completions.
Exit complete(Context&, const GrammarOptions&);
/// The manual, as man(7) reads it.
Exit manual(Context&, const GrammarOptions&);
Exit version(Context&, const NoOptions&);

} // namespace envmesh::cli
