// SPDX-License-Identifier: MIT
#include "cli/grammar_parts.h"

#include "cli/formats/formats.h"

namespace envmesh::cli {
namespace {

std::string alternatives(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : "|") + word;
    return out;
}

CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& words) {
    return option->check(CLI::IsMember(words).description(""))->type_name(alternatives(words));
}

std::string not_empty(const std::string& text) { return text.empty() ? "it is empty" : ""; }

constexpr auto shells = "bash|zsh|fish|sh|pwsh|nu|elvish|xonsh|cmd|tmux";
constexpr auto hooked_shells = "bash|zsh|fish|pwsh|nu|elvish|xonsh";
constexpr auto key_help = "Its name";
constexpr auto patterns_help = "Names such as AWS_*; may be repeated";
constexpr auto values_help = "Show the values too";

CLI::Option* add_key(CLI::App& to, std::string& key) {
    return to.add_option("KEY", key, key_help)->type_name("KEY")->required();
}

void add_profiles(CLI::App& to, std::vector<std::string>& profiles) {
    to.add_option("-P,--profile", profiles, "These profiles instead of those in use")
        ->type_name("PROFILE")
        ->delimiter(',')
        ->envname("ENVMESH_PROFILE")
        ->allow_extra_args(false);
}

CLI::Option* add_scope(CLI::App& to, std::string& scope) {
    return to
        .add_option("--scope", scope, "shared, profile/NAME, device (this machine) or device/NAME")
        ->type_name("SCOPE");
}

/// --scope, or --profile for the scope of that profile.
void add_scope_or_profile(CLI::App& to, std::string& scope) {
    auto* whole = add_scope(to, scope);
    const auto take = [&scope](const std::string& profile) { scope = "profile/" + profile; };
    to.add_option_function<std::string>("-P,--profile", take, "As --scope profile/PROFILE")
        ->type_name("PROFILE")
        ->excludes(whole);
}

void add_patterns(CLI::App& to, const char* name, std::vector<std::string>& patterns) {
    to.add_option(name, patterns, patterns_help)->type_name("GLOB")->allow_extra_args(false);
}

void add_variables(const Verbs& verbs, Grammar& to) {
    if (auto* get = verbs.add("get", "Print a value", to.get, cli::get)) {
        add_key(*get, to.get.key);
        get->add_flag("-n", to.get.no_newline, "No newline after the value");
        get->add_option("--default", to.get.fallback, "Printed when there is no such variable")
            ->type_name("VALUE");
        auto* copy = get->add_flag("--copy", to.get.copy, "To the clipboard, not to the output");
        get->add_option("--clear", to.get.clear, "Empty the clipboard after this; 0 is never")
            ->type_name("TIME")
            ->needs(copy);
        add_scope(*get, to.get.scope);
        add_profiles(*get, to.get.profiles);
    }
    if (auto* set = verbs.add("set", "Store variables", to.set, cli::set)) {
        set->add_option("ITEM", to.set.items,
                        "KEY=VALUE, KEY=@FILE, KEY (asks), or KEY - (standard input)")
            ->type_name("KEY")
            ->required();
        add_scope_or_profile(*set, to.set.scope);
        one_of(set->add_option("--visibility", to.set.visibility,
                               "Who gets it: shells; programs of 'run'; only 'get'"),
               {"shell", "run", "get"});
        one_of(
            set->add_option("--type", to.set.type, "A path goes before what a shell has, or after"),
            {"string", "path", "path-append"});
        set->add_option("--if-version", to.set.if_version, "Only when it has this one, or none")
            ->type_name("VERSION")
            ->check(not_empty);
        const auto decide = [to_be = &to.set.inject](const char* what) {
            return [to_be, what](std::int64_t) { *to_be = what; };
        };
        auto* inject = set->add_flag_function("--inject", decide("yes"),
                                              "For programs that no shell starts, too");
        set->add_flag_function("--no-inject", decide("no"), "Not for those any more")
            ->excludes(inject);
        set->add_flag("--force", to.set.force, "Store a reserved name too, for get only");
        set->footer("envmesh-cli set API_KEY                 asks, and shows nothing\n"
                    "envmesh-cli set URL=https://x.test A=1  both or none\n"
                    "envmesh-cli set CERT=@cert.pem -P prod  a file, for one profile");
    }
    if (auto* remove = verbs.add("delete", "Delete variables", to.remove, cli::remove)) {
        remove->add_option("KEY", to.remove.keys, "Their names")->type_name("KEY")->required();
        add_scope_or_profile(*remove, to.remove.scope);
    }
    if (auto* list = verbs.add("list", "List variables", to.list, cli::list)) {
        list->add_flag("--values", to.list.values, values_help);
        add_scope_or_profile(*list, to.list.scope);
    }
}

void add_run(const Verbs& verbs, Grammar& to) {
    auto* run = verbs.add("run", "Run a program with them", to.run_options, cli::run);
    if (run == nullptr) return;
    run->add_option("COMMAND", to.run_options.words, "After --: the program and its arguments")
        ->type_name("COMMAND")
        ->required();
    add_patterns(*run, "--only", to.run_options.only);
    run->add_flag("--no-inherit-env", to.run_options.no_inherit, "Of this environment PATH alone");
    run->add_flag("--watch", to.run_options.watch, "Start it again when the variables change");
    add_profiles(*run, to.run_options.profiles);
    run->footer("envmesh-cli run -- make deploy\n"
                "envmesh-cli run -P prod --only 'AWS_*' -- aws s3 ls");
}

void add_export(const Verbs& verbs, Grammar& to) {
    auto* exported =
        verbs.add("export", "Print as shell code, file", to.exported, export_variables);
    if (exported == nullptr) return;
    auto* shell =
        exported->add_option("--shell", to.exported.shell, "Unless it is the one that asks")
            ->type_name(shells);
    one_of(exported->add_option("--format", to.exported.format, "A file of this kind instead"),
           formats::written())
        ->excludes(shell);
    exported->add_option("-o,--output", to.exported.output, "Replace this file (mode 0600)")
        ->type_name("FILE");
    add_patterns(*exported, "--only", to.exported.only);
    add_profiles(*exported, to.exported.profiles);
    exported->add_flag("--strict", to.exported.strict, "Fail when they cannot be had");
    exported->add_flag("--hook", to.exported.hook, "Only what the shell lacks or has too much");
    exported->footer("eval \"$(envmesh-cli export)\"");
}

void add_import(const Verbs& verbs, Grammar& to) {
    auto* imported = verbs.add("import", "Set variables of a file", to.imported, import_variables);
    if (imported == nullptr) return;
    imported
        ->add_option("FILE", to.imported.file,
                     "The file; - is standard input; none with --format env")
        ->type_name("FILE");
    one_of(imported->add_option("--format", to.imported.format, "Unless the name of FILE tells it"),
           formats::readable());
    add_patterns(*imported, "--filter", to.imported.filter);
    imported->add_option("--prefix", to.imported.prefix, "Put before each name")->type_name("TEXT");
    add_scope_or_profile(*imported, to.imported.scope);
    imported->add_flag("--overwrite", to.imported.overwrite, "Replace other values");
    imported->add_flag("--skip-invalid", to.imported.skip_invalid,
                       "Leave out names that no variable can have");
    imported->add_flag("--dry-run", to.imported.dry_run, "Show names, change nothing");
}

void add_hook(const Verbs& verbs, Grammar& to) {
    auto* hook = verbs.add("hook", "Keep open shells in step", to.hook, cli::hook);
    if (hook == nullptr) return;
    const Verbs inner{*hook, to.run, {}};
    for (auto* each :
         {hook,
          inner.add("install", "Put it into the start-up file of a shell", to.hook, install_hook),
          inner.add("uninstall", "Take it out again", to.hook, uninstall_hook)})
        each->add_option("SHELL", to.hook.shell, "Unless it is the one that asks")
            ->type_name(hooked_shells);
    hook->footer("envmesh-cli hook install\n"
                 "eval \"$(envmesh-cli hook bash)\"  for this one shell");
}

void add_versions(const Verbs& verbs, Grammar& to) {
    if (auto* explain =
            verbs.add("explain", "Tell why a value is used", to.explain, cli::explain)) {
        add_key(*explain, to.explain.key);
        add_profiles(*explain, to.explain.profiles);
    }
    if (auto* history = verbs.add("history", "Show earlier versions", to.history, cli::history)) {
        add_key(*history, to.history.key);
        history->add_flag("--values", to.history.values, values_help);
        add_scope_or_profile(*history, to.history.scope);
    }
    if (auto* rollback =
            verbs.add("rollback", "Write an earlier one anew", to.rollback, cli::rollback)) {
        add_key(*rollback, to.rollback.key);
        rollback->add_option("--to", to.rollback.to, "Number or version that history shows")
            ->type_name("VERSION")
            ->required();
        add_scope_or_profile(*rollback, to.rollback.scope);
    }
    if (auto* group = verbs.group("conflicts", "What two machines changed")) {
        group->require_subcommand(1);
        const Verbs inner{*group, to.run, {}};
        inner.add("list", "Show all versions of each", to.conflicts, conflicts)
            ->add_flag("--values", to.conflicts.values, values_help);
        auto* resolve = inner.add("resolve", "Keep one of them", to.rollback, cli::resolve);
        add_key(*resolve, to.rollback.key);
        resolve->add_option("--take", to.rollback.to, "Number or version that the list shows")
            ->type_name("VERSION")
            ->required();
        add_scope_or_profile(*resolve, to.rollback.scope);
    }
}

void add_profile(const Verbs& verbs, Grammar& to) {
    auto* group = verbs.group("profile", "Named sets of variables");
    if (group == nullptr) return;
    group->require_subcommand(1);
    const Verbs inner{*group, to.run, {}};
    inner.add("list", "List them", to.none, profiles);
    auto& names = to.profiles.names;
    inner
        .add("use", "Use these on this machine; the last one counts most", to.profiles,
             use_profiles)
        ->add_option("PROFILE", names, "Their names; without any, none is used")
        ->type_name("PROFILE");
    for (auto* each :
         {inner.add("create", "Make one", to.profiles, create_profile),
          inner.add("delete", "Delete one with its variables", to.profiles, delete_profile)})
        each->add_option("PROFILE", names, key_help)->type_name("PROFILE")->required()->expected(1);
}

void add_trust(const Verbs& verbs, Grammar& to) {
    const auto add_what = [&](CLI::App* trust) {
        trust->add_option("KEY", to.trust.keys, "Variables; without any, what waits is listed")
            ->type_name("KEY");
        trust->add_option("--project", to.trust.project, "The .envmesh.toml of this or that folder")
            ->type_name("DIR")
            ->expected(0, 1);
        add_profiles(*trust, to.trust.profiles);
    };
    if (auto* trust = verbs.add("trust", "Approve what can run code", to.trust, cli::trust)) {
        add_what(trust);
        trust->add_flag("--yes", to.trust.yes, "Without asking");
    }
    if (auto* untrust = verbs.add("untrust", "Take an approval back", to.trust, distrust))
        add_what(untrust);
}

void add_mesh(const Verbs& verbs, Grammar& to) {
    if (auto* init = verbs.add("init", "Begin a new mesh", to.init, cli::init)) {
        init->add_option("--name", to.init.name, "Name of this machine")->type_name("NAME");
        auto* server =
            init->add_option("--server", to.init.server, "wss://HOST:PORT")->type_name("URL");
        init->add_option("--server-key", to.init.server_key, "64 hex digits that the server shows")
            ->type_name("HEX")
            ->needs(server);
        init->add_option("--server-token-file", to.init.server_token_file,
                         "File with the token that the server asks of new meshes")
            ->type_name("FILE")
            ->needs(server);
        add_password(*init, to.init.password_file);
    }
    if (auto* invite = verbs.add("invite", "Let another machine join", to.invite, cli::invite))
        invite->add_option("--ttl", to.invite.ttl, "How long the invitation stands, at most 1h")
            ->type_name("TIME");
    if (auto* join = verbs.add("join", "Join a mesh", to.join, cli::join)) {
        join->add_option("--name", to.join.name, "Name of this machine")->type_name("NAME");
        add_password(*join, to.join.password_file, "File with a new password");
        join->add_flag("--yes", to.join.yes, "Join whoever invites");
    }
    if (auto* known = verbs.add("devices", "List machines of the mesh", to.none, devices))
        Verbs{*known, to.run, {}}.add("list", "The same", to.none, devices);
    if (auto* peers = verbs.add("peers", "List who is connected", to.peers, cli::peers))
        peers->add_flag("--probe", to.peers.probe, "Ask on the local network, show what answers");
    if (auto* sync = verbs.add("sync", "Synchronise and wait", to.sync, cli::sync))
        sync->add_option("--wait", to.sync.wait, "How long, such as 10s")->type_name("TIME");
}

void add_config(const Verbs& verbs, Grammar& to) {
    auto* group = verbs.group("config", "Read and change settings");
    if (group == nullptr) return;
    group->require_subcommand(1);
    const Verbs inner{*group, to.run, {}};
    const auto add_name = [&to](CLI::App* verb) {
        return verb->add_option("SETTING", to.config.key, "Such as server.port")
            ->type_name("SETTING");
    };
    add_name(inner.add("get", "Print one, or all of them", to.config, get_setting));
    auto* set = inner.add("set", "Write one into the file", to.config, set_setting);
    add_name(set)->required();
    set->add_option("VALUE", to.config.value, "Without quotes; commas between parts of a list")
        ->type_name("VALUE")
        ->required();
    set->footer("envmesh-cli config set client.lan_servers printer:8765,10.0.0.2");
    add_name(inner.add("unset", "Go back to its default", to.config, unset_setting))->required();
    inner.add("path", "Print where the file is", to.none, config_path);
    inner.add("check", "Tell whether a file is right", to.config, check_config)
        ->add_option("FILE", to.config.file, "Unless it is the one that the daemon reads")
        ->type_name("FILE");
    inner.add("reload", "Have the daemon read them again", to.none, reload);
}

void add_daemon(const Verbs& verbs, Grammar& to) {
    verbs.add("status", "Show the state of it all", to.none, status);
    add_vault(verbs, to);
    verbs.add("watch", "Print events as they happen", to.none, watch);
    add_config(verbs, to);
    add_service(verbs, to);
    verbs.add("shutdown", "Stop the daemon", to.none, cli::shutdown);
    if (auto* completion =
            verbs.add("completion", "Print shell completions", to.completion, cli::completion))
        one_of(completion->add_option("SHELL", to.completion.shell, "Which")->required(),
               {"bash", "zsh", "fish", "pwsh"});
    if (auto* doctor = verbs.add("doctor", "Look for what is wrong", to.doctor, cli::doctor))
        doctor->add_option("--bundle", to.doctor.bundle, "Write a report without names and values")
            ->type_name("FILE");
    if (auto* look = verbs.add("doctor-look", "", to.doctor_look, doctor_look)) {
        look->add_option("SHELL", to.doctor_look.shell)->required();
        look->add_option("NONCE", to.doctor_look.nonce)->required();
        look->add_option("TRIES", to.doctor_look.tries);
        look->group("");
    }
    verbs.add("version", "Show versions", to.none, version);
    for (auto* hidden : {verbs.add("complete", "", to.grammar, complete),
                         verbs.add("man", "", to.grammar, manual)})
        if (hidden != nullptr) hidden->group("");
}

void add_each(const Verbs& verbs, Grammar& to) {
    add_variables(verbs, to);
    add_run(verbs, to);
    add_export(verbs, to);
    add_import(verbs, to);
    add_hook(verbs, to);
    add_versions(verbs, to);
    add_profile(verbs, to);
    add_trust(verbs, to);
    add_mesh(verbs, to);
    add_daemon(verbs, to);
}

} // namespace

void add_globals(CLI::App& app, Grammar& grammar) {
    app.add_flag("--json", grammar.json, "Print JSON, for programs");
    app.add_flag("-q,--quiet", grammar.quiet, "No notes and no progress");
    one_of(app.add_option("--color", grammar.colour, "Colours"), {"auto", "always", "never"});
    app.add_option("--timeout", grammar.timeout, "Longest wait for the daemon, such as 10s")
        ->type_name("TIME");
    app.add_option("--socket", grammar.socket, "The socket of the daemon")->type_name("FILE");
}

void add_verbs(CLI::App& app, Grammar& grammar, std::span<char* const> words) {
    const auto is_about_all = [](std::string_view word) {
        return word == "--help" || word == "-h" || word == "complete" || word == "man";
    };
    if (std::ranges::none_of(words, is_about_all)) add_each({app, grammar.run, words}, grammar);
    if (app.get_subcommands({}).empty()) add_each({app, grammar.run, {}}, grammar);
}

} // namespace envmesh::cli
