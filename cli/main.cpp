// SPDX-License-Identifier: MIT
// The whole grammar, and nothing else: what was typed becomes one options struct and one function.
#include "cli/commands.h"
#include "cli/prompt.h"
#include "platform/process.h"

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
    ExportOptions exported;
    SyncOptions sync;
    CompletionOptions completion;
    NoOptions none;

    std::function<Exit(Context&)> run;
};

template <class Options>
CLI::App* verb(CLI::App& app, Grammar& grammar, const char* name, const char* description,
               const Options& options, Exit (*command)(Context&, const Options&)) {
    CLI::App* added = app.add_subcommand(name, description);
    added->callback([&grammar, &options, command] {
        grammar.run = [&options, command](Context& context) { return command(context, options); };
    });
    return added;
}

void add_globals(CLI::App& app, Grammar& grammar) {
    app.add_flag("--json", grammar.json, "Print JSON, for programs");
    app.add_flag("-q,--quiet", grammar.quiet, "No notes and no progress");
    app.add_option("--color", grammar.colour, "auto, always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    app.add_option("--timeout", grammar.timeout, "Longest wait for the daemon, such as 10s");
    app.add_option("--socket", grammar.socket, "The socket of the daemon");
}

constexpr auto password_file_help = "File with the master password; - is standard input";
constexpr auto scope_help = "shared, a profile, or a device; unless given, as this machine sees it";

void add_variables(CLI::App& app, Grammar& grammar) {
    auto* get = verb(app, grammar, "get", "Print the value of a variable", grammar.get, cli::get);
    get->add_option("KEY", grammar.get.key, "Its name")->required();
    get->add_flag("-n", grammar.get.no_newline, "No newline after the value");
    get->add_option("--default", grammar.get.fallback, "Printed when there is no such variable");
    get->add_option("--scope", grammar.get.scope, scope_help);

    auto* set = verb(app, grammar, "set", "Store variables", grammar.set, cli::set);
    set->add_option("ITEM", grammar.set.items,
                    "KEY=VALUE, KEY=@FILE, KEY (asks), or KEY - (standard input)")
        ->required();
    set->add_option("--scope", grammar.set.scope, scope_help);
    set->add_option("--visibility", grammar.set.visibility, "shell, run or get")
        ->check(CLI::IsMember({"shell", "run", "get"}));
    set->add_flag("--force", grammar.set.force, "Store a reserved name too, for get only");

    auto* remove = verb(app, grammar, "delete", "Delete variables", grammar.remove, cli::remove);
    remove->add_option("KEY", grammar.remove.keys, "Their names")->required();
    remove->add_option("--scope", grammar.remove.scope, scope_help);

    auto* list = verb(app, grammar, "list", "List variables", grammar.list, cli::list);
    list->add_flag("--values", grammar.list.values, "Show the values too");

    auto* exported = verb(app, grammar, "export", "Print the variables as shell code",
                          grammar.exported, export_variables);
    exported->add_option("--shell", grammar.exported.shell, "sh, bash or zsh");
    exported->add_flag("--strict", grammar.exported.strict, "Fail when they cannot be had");
}

void add_mesh(CLI::App& app, Grammar& grammar) {
    auto* init =
        verb(app, grammar, "init", "Begin a new mesh on this machine", grammar.init, cli::init);
    init->add_option("--name", grammar.init.name, "Name of this machine");
    auto* server = init->add_option("--server", grammar.init.server, "wss://HOST:PORT");
    init->add_option("--server-key", grammar.init.server_key, "64 hex digits that the server shows")
        ->needs(server);
    init->add_option("--server-token-file", grammar.init.server_token_file,
                     "File with the token that the server asks of new meshes")
        ->needs(server);
    init->add_option("--password-file", grammar.init.password_file, password_file_help);

    auto* invite =
        verb(app, grammar, "invite", "Let another machine join", grammar.invite, cli::invite);
    invite->add_option("--ttl", grammar.invite.ttl, "How long the invitation stands, at most 1h");
    auto* join =
        verb(app, grammar, "join", "Join the mesh of another machine", grammar.join, cli::join);
    join->add_option("--name", grammar.join.name, "Name of this machine");
    join->add_option("--password-file", grammar.join.password_file, "File with a new password");
    join->add_flag("--yes", grammar.join.yes, "Join whoever invites");

    auto* known =
        verb(app, grammar, "devices", "List the devices of the mesh", grammar.none, devices);
    verb(*known, grammar, "list", "The same", grammar.none, devices);
    verb(app, grammar, "peers", "List connected and known devices", grammar.none, peers);
    auto* sync =
        verb(app, grammar, "sync", "Synchronise, and wait for it", grammar.sync, cli::sync);
    sync->add_option("--wait", grammar.sync.wait, "How long, such as 10s");
}

void add_daemon(CLI::App& app, Grammar& grammar) {
    verb(app, grammar, "status", "Show the state of the daemon", grammar.none, status);
    auto* unlock = verb(app, grammar, "unlock", "Open the vault", grammar.unlock, cli::unlock);
    unlock->add_option("--password-file", grammar.unlock.password_file, password_file_help);
    verb(app, grammar, "lock", "Close the vault", grammar.none, lock);
    verb(app, grammar, "watch", "Print events as they happen", grammar.none, watch);
    verb(app, grammar, "shutdown", "Stop the daemon", grammar.none, cli::shutdown);
    auto* completion = verb(app, grammar, "completion", "Print completions for a shell",
                            grammar.completion, cli::completion);
    completion->add_option("SHELL", grammar.completion.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    verb(app, grammar, "version", "Show the versions of program and daemon", grammar.none, version);
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
    add_variables(app, grammar);
    add_mesh(app, grammar);
    add_daemon(app, grammar);
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
