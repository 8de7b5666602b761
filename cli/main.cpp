// SPDX-License-Identifier: MIT
// The whole grammar, and nothing else: what was typed becomes one options struct and one function.
#include "cli/commands.h"
#include "cli/formats/formats.h"
#include "cli/prompt.h"
#include "platform/process.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>

namespace envmesh::cli {
namespace {

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
    SyncOptions sync;
    CompletionOptions completion;
    NoOptions none;

    std::function<Exit(Context&)> run;
};

/// Adds the verbs that were typed. The grammar of all of them costs a tenth of an export's time,
/// and a shell waits for that one.
struct Verbs {
    CLI::App& app;
    std::function<Exit(Context&)>& run;
    std::span<char* const> typed; // empty: all of them are wanted

    /// Nothing when it is not wanted. Of itself it does nothing.
    [[nodiscard]] CLI::App* group(const char* name, const char* description) const {
        const auto is_name = [name](const char* word) { return std::string_view(word) == name; };
        if (!typed.empty() && std::ranges::none_of(typed, is_name)) return nullptr;
        return app.add_subcommand(name, description);
    }
    template <class Options>
    CLI::App* add(const char* name, const char* description, const Options& options,
                  Exit (*command)(Context&, const Options&)) const {
        CLI::App* added = group(name, description);
        if (added == nullptr) return nullptr;
        added->callback([added, &to = run, &options, command] {
            if (!added->get_subcommands().empty()) return; // the one below it was meant
            to = [&options, command](Context& context) { return command(context, options); };
        });
        return added;
    }
};

void add_globals(CLI::App& app, Grammar& grammar) {
    app.add_flag("--json", grammar.json, "Print JSON, for programs");
    app.add_flag("-q,--quiet", grammar.quiet, "No notes and no progress");
    app.add_option("--color", grammar.colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    app.add_option("--timeout", grammar.timeout, "Longest wait for the daemon, such as 10s");
    app.add_option("--socket", grammar.socket, "The socket of the daemon");
}

constexpr auto shell_help = "sh, bash, zsh, fish, pwsh, nu, elvish, xonsh, cmd or tmux";
constexpr auto hook_help = "bash, zsh, fish, pwsh, nu, elvish or xonsh";
constexpr auto password_file_help = "File with the master password; - is standard input";
constexpr auto scope_help = "shared, profile/NAME, device (this machine) or device/NAME";
constexpr auto profile_help = "These profiles instead of those in use";

void add_profiles(CLI::App& to, std::vector<std::string>& profiles) {
    to.add_option("-P,--profile", profiles, profile_help)
        ->delimiter(',')
        ->envname("ENVMESH_PROFILE")
        ->allow_extra_args(false);
}

/// --scope, or --profile for the scope of that profile.
void add_scope(CLI::App& to, std::string& scope) {
    auto* whole = to.add_option("--scope", scope, scope_help);
    const auto take = [&scope](const std::string& profile) { scope = "profile/" + profile; };
    to.add_option_function<std::string>("-P,--profile", take, "As --scope profile/NAME")
        ->excludes(whole);
}

void add_variables(const Verbs& verbs, Grammar& to) {
    if (auto* get = verbs.add("get", "Print the value of a variable", to.get, cli::get)) {
        get->add_option("KEY", to.get.key, "Its name")->required();
        get->add_flag("-n", to.get.no_newline, "No newline after the value");
        get->add_option("--default", to.get.fallback, "Printed when there is no such variable");
        get->add_option("--scope", to.get.scope, scope_help);
        add_profiles(*get, to.get.profiles);
    }
    if (auto* set = verbs.add("set", "Store variables", to.set, cli::set)) {
        set->add_option("ITEM", to.set.items,
                        "KEY=VALUE, KEY=@FILE, KEY (asks), or KEY - (standard input)")
            ->required();
        add_scope(*set, to.set.scope);
        set->add_option("--visibility", to.set.visibility, "shell, run or get")
            ->check(CLI::IsMember({"shell", "run", "get"}));
        set->add_option("--type", to.set.type, "string, path (goes before) or path-append")
            ->check(CLI::IsMember({"string", "path", "path-append"}));
        set->add_option("--if-version", to.set.if_version,
                        "Only when it has this version, or none");
        set->add_flag("--force", to.set.force, "Store a reserved name too, for get only");
    }
    if (auto* remove = verbs.add("delete", "Delete variables", to.remove, cli::remove)) {
        remove->add_option("KEY", to.remove.keys, "Their names")->required();
        add_scope(*remove, to.remove.scope);
    }
    if (auto* list = verbs.add("list", "List variables", to.list, cli::list)) {
        list->add_flag("--values", to.list.values, "Show the values too");
        add_scope(*list, to.list.scope);
    }
}

constexpr auto patterns_help = "Names such as AWS_*; may be repeated";

void add_files(const Verbs& verbs, Grammar& to) {
    if (auto* exported = verbs.add("export", "Print the variables as shell code, or as a file",
                                   to.exported, export_variables)) {
        auto* shell = exported->add_option("--shell", to.exported.shell, shell_help);
        exported->add_option("--format", to.exported.format, "A file of this kind instead")
            ->check(CLI::IsMember(formats::written()))
            ->excludes(shell);
        exported->add_option("-o,--output", to.exported.output, "Replace this file (mode 0600)");
        exported->add_option("--only", to.exported.only, patterns_help)->allow_extra_args(false);
        add_profiles(*exported, to.exported.profiles);
        exported->add_flag("--strict", to.exported.strict, "Fail when they cannot be had");
        exported->add_flag("--hook", to.exported.hook, "Only what the shell lacks or has too much");
    }
    if (auto* hook =
            verbs.add("hook", "Print code that keeps a shell in step", to.hook, cli::hook)) {
        const Verbs verbs_of_hook{*hook, to.run, {}};
        for (auto* each :
             {hook,
              verbs_of_hook.add("install", "Put it into the start-up file of a shell", to.hook,
                                install_hook),
              verbs_of_hook.add("uninstall", "Take it out again", to.hook, uninstall_hook)})
            each->add_option("SHELL", to.hook.shell, hook_help);
    }
    if (auto* imported =
            verbs.add("import", "Set the variables of a file", to.imported, import_variables)) {
        imported->add_option("FILE", to.imported.file, "The file; - is standard input");
        imported->add_option("--format", to.imported.format, "Unless the name of FILE tells it")
            ->check(CLI::IsMember(formats::readable()));
        imported->add_option("--filter", to.imported.filter, patterns_help)
            ->allow_extra_args(false);
        imported->add_option("--prefix", to.imported.prefix, "Put before each name");
        add_scope(*imported, to.imported.scope);
        imported->add_flag("--overwrite", to.imported.overwrite, "Replace other values");
        imported->add_flag("--skip-invalid", to.imported.skip_invalid,
                           "Leave out names that no variable can have");
        imported->add_flag("--dry-run", to.imported.dry_run, "Show names, change nothing");
    }
}

void add_run(const Verbs& verbs, Grammar& to) {
    auto* run = verbs.add("run", "Run a program with the variables", to.run_options, cli::run);
    if (run == nullptr) return;
    run->add_option("COMMAND", to.run_options.words, "After --: the program and its arguments")
        ->required();
    run->add_option("--only", to.run_options.only, patterns_help)->allow_extra_args(false);
    run->add_flag("--no-inherit-env", to.run_options.no_inherit, "Of this environment PATH alone");
    run->add_flag("--watch", to.run_options.watch, "Start it again when the variables change");
    add_profiles(*run, to.run_options.profiles);
}

void add_versions(const Verbs& verbs, Grammar& to) {
    if (auto* history =
            verbs.add("history", "Show what a variable was before", to.history, cli::history)) {
        history->add_option("KEY", to.history.key, "Its name")->required();
        history->add_flag("--values", to.history.values, "Show the values too");
        add_scope(*history, to.history.scope);
    }
    if (auto* rollback =
            verbs.add("rollback", "Write an older version anew", to.rollback, cli::rollback)) {
        rollback->add_option("KEY", to.rollback.key, "Its name")->required();
        rollback->add_option("--to", to.rollback.to, "Number or version that history shows")
            ->required();
        add_scope(*rollback, to.rollback.scope);
    }
    if (auto* group = verbs.group("conflicts", "Variables that two machines changed at once")) {
        group->require_subcommand(1);
        const Verbs inner{*group, to.run, {}};
        inner.add("list", "Show all versions of each", to.conflicts, conflicts)
            ->add_flag("--values", to.conflicts.values, "Show the values too");
        auto* resolve = inner.add("resolve", "Keep one of them", to.rollback, cli::rollback);
        resolve->add_option("KEY", to.rollback.key, "Its name")->required();
        resolve->add_option("--take", to.rollback.to, "Number or version that the list shows")
            ->required();
        add_scope(*resolve, to.rollback.scope);
    }
}

void add_scopes(const Verbs& verbs, Grammar& to) {
    if (auto* explain =
            verbs.add("explain", "Tell why a variable is what it is", to.explain, cli::explain)) {
        explain->add_option("KEY", to.explain.key, "Its name")->required();
        add_profiles(*explain, to.explain.profiles);
    }
    if (auto* group = verbs.group("profile", "Named sets of variables")) {
        group->require_subcommand(1);
        const Verbs inner{*group, to.run, {}};
        inner.add("list", "List them", to.none, profiles);
        inner
            .add("use", "Use these on this machine; the last one counts most", to.profiles,
                 use_profiles)
            ->add_option("NAME", to.profiles.names, "Their names; without any, none is used");
        inner.add("create", "Make one", to.profiles, create_profile)
            ->add_option("NAME", to.profiles.names, "Its name")
            ->required()
            ->expected(1);
        inner.add("delete", "Delete one with all of its variables", to.profiles, delete_profile)
            ->add_option("NAME", to.profiles.names, "Its name")
            ->required()
            ->expected(1);
    }
    const auto add_trust = [&](CLI::App* trust) {
        if (trust == nullptr) return;
        trust->add_option("NAME", to.trust.keys, "Variables; without any, what waits is listed");
        trust->add_option("--project", to.trust.project, "The .envmesh.toml of this or that folder")
            ->expected(0, 1);
    };
    auto* trust =
        verbs.add("trust", "Approve what changes which code runs here", to.trust, cli::trust);
    add_trust(trust);
    if (trust != nullptr) trust->add_flag("--yes", to.trust.yes, "Without asking");
    add_trust(verbs.add("untrust", "Take an approval back", to.trust, distrust));
}

void add_mesh(const Verbs& verbs, Grammar& to) {
    if (auto* init = verbs.add("init", "Begin a new mesh on this machine", to.init, cli::init)) {
        init->add_option("--name", to.init.name, "Name of this machine");
        auto* server = init->add_option("--server", to.init.server, "wss://HOST:PORT");
        init->add_option("--server-key", to.init.server_key, "64 hex digits that the server shows")
            ->needs(server);
        init->add_option("--server-token-file", to.init.server_token_file,
                         "File with the token that the server asks of new meshes")
            ->needs(server);
        init->add_option("--password-file", to.init.password_file, password_file_help);
    }
    if (auto* invite = verbs.add("invite", "Let another machine join", to.invite, cli::invite))
        invite->add_option("--ttl", to.invite.ttl, "How long the invitation stands, at most 1h");
    if (auto* join = verbs.add("join", "Join the mesh of another machine", to.join, cli::join)) {
        join->add_option("--name", to.join.name, "Name of this machine");
        join->add_option("--password-file", to.join.password_file, "File with a new password");
        join->add_flag("--yes", to.join.yes, "Join whoever invites");
    }
    if (auto* known = verbs.add("devices", "List the devices of the mesh", to.none, devices))
        Verbs{*known, to.run, {}}.add("list", "The same", to.none, devices);
    if (auto* peers = verbs.add("peers", "List connected and known devices", to.peers, cli::peers))
        peers->add_flag("--probe", to.peers.probe,
                        "Ask on the local network, show what comes back");
    if (auto* sync = verbs.add("sync", "Synchronise, and wait for it", to.sync, cli::sync))
        sync->add_option("--wait", to.sync.wait, "How long, such as 10s");
}

void add_daemon(const Verbs& verbs, Grammar& to) {
    verbs.add("status", "Show the state of the daemon", to.none, status);
    if (auto* unlock = verbs.add("unlock", "Open the vault", to.unlock, cli::unlock))
        unlock->add_option("--password-file", to.unlock.password_file, password_file_help);
    verbs.add("lock", "Close the vault", to.none, lock);
    verbs.add("watch", "Print events as they happen", to.none, watch);
    if (auto* config = verbs.group("config", "The configuration of the daemon")) {
        config->require_subcommand(1);
        Verbs{*config, to.run, {}}.add("reload", "Read it again and apply it", to.none, reload);
    }
    verbs.add("shutdown", "Stop the daemon", to.none, cli::shutdown);
    if (auto* completion = verbs.add("completion", "Print completions for a shell", to.completion,
                                     cli::completion))
        completion->add_option("SHELL", to.completion.shell, "bash, zsh or fish")
            ->required()
            ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    verbs.add("version", "Show the versions of program and daemon", to.none, version);
}

void add_verbs(const Verbs& verbs, Grammar& to) {
    add_variables(verbs, to);
    add_files(verbs, to);
    add_run(verbs, to);
    add_versions(verbs, to);
    add_scopes(verbs, to);
    add_mesh(verbs, to);
    add_daemon(verbs, to);
}

void add_verbs(CLI::App& app, Grammar& grammar, std::span<char*> words) {
    const auto is_about_all = [](std::string_view word) {
        return word == "--help" || word == "-h" || word == "completion";
    };
    if (std::ranges::none_of(words, is_about_all)) add_verbs({app, grammar.run, words}, grammar);
    if (app.get_subcommands({}).empty()) add_verbs({app, grammar.run, {}}, grammar);
}

std::vector<Verb> describe(const CLI::App& app) {
    const auto switches = [](const CLI::App& of, std::vector<std::string>& names) {
        for (const CLI::Option* option : of.get_options())
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
    };
    std::vector<Verb> verbs;
    for (const CLI::App* each : app.get_subcommands({})) {
        Verb& added = verbs.emplace_back(Verb{each->get_name(), each->get_description(), {}});
        switches(*each, added.options);
        switches(app, added.options);
        std::ranges::sort(added.options);
        const auto twice = std::ranges::unique(added.options);
        added.options.erase(twice.begin(), twice.end());
    }
    return verbs;
}

Output::Options output_options(const Grammar& grammar) {
    Output::Options options;
    options.json = grammar.json;
    options.quiet = grammar.quiet || std::getenv("ENVMESH_QUIET") != nullptr;
    if (grammar.colour == "always") options.colour = Colour::always;
    if (grammar.colour == "never") options.colour = Colour::never;
    return options;
}

int report(const Output& out, const Error& error) {
    out.error(error);
    return exit_status(error.code);
}

// Whether --json was among them is not known once parsing has failed.
int report_usage(const CLI::App& app, const CLI::ParseError& error, std::span<char*> words) {
    if (error.get_exit_code() == 0) return app.exit(error); // --help, --version
    Output::Options options;
    for (const std::string_view word : words)
        options.json |= word == "--json";
    // The parser would repeat the words it does not know, and one of them may be a value.
    std::string message = error.what();
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
        message = "The command line has a word that is not known here.";
    if (app.get_subcommands().empty()) message = "The command line names no command known here.";
    return report(Output(options),
                  {Code::usage, message, "See 'envmesh-cli --help', or 'COMMAND --help'."});
}

int run(const Grammar& grammar, ipc::Deadline started) {
    Output out(output_options(grammar));
    Context context{out, grammar.socket, std::nullopt, started};
    if (!grammar.timeout.empty()) {
        const auto timeout = parse_duration("--timeout", grammar.timeout);
        if (!timeout) return report(out, timeout.error());
        context.timeout = *timeout;
    }
    const Exit result = grammar.run(context);
    if (!result) return report(out, result.error());
    const auto written = out.finish();
    return written ? *result : report(out, written.error());
}

int main(std::span<char*> words) {
    const auto started = std::chrono::steady_clock::now();
    platform::harden_front_end();
    Grammar grammar;
    CLI::App app("Keeps environment variables in step on all of your machines.", "envmesh-cli");
    app.fallthrough();
    app.require_subcommand(1);
    app.set_version_flag("--version", "envmesh-cli " ENVMESH_VERSION);
    add_globals(app, grammar);
    add_verbs(app, grammar, words);
    try {
        app.parse(static_cast<int>(words.size()), words.data());
    } catch (const CLI::ParseError& error) {
        return report_usage(app, error, words);
    }
    if (!grammar.completion.shell.empty()) grammar.completion.verbs = describe(app);
    return run(grammar, started);
}

} // namespace
} // namespace envmesh::cli

// What an exception says may hold a value.
int main(int argc, char** argv) {
    try {
        return envmesh::cli::main({argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception&) {
        std::fputs("envmesh-cli: an internal fault, or no memory was left\n", stderr);
        return envmesh::exit_status(envmesh::Code::internal);
    }
}
