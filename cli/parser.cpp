// SPDX-License-Identifier: MIT
#include "cli/parser.h"

#include "cli/help.h"

#include <CLI/CLI.hpp>

namespace envmesh::cli {
namespace {

Verb describe(const CLI::App& app) {
    Verb verb{app.get_name(), app.get_description(), app.get_footer(), {}, {}, {}};
    for (const CLI::Option* option : app.get_options()) {
        const std::string value = option->get_type_size() == 0 ? "" : option->get_type_name();
        if (option->get_positional()) {
            verb.arguments.push_back({value, option->get_description(), option->get_required(),
                                      option->get_expected_max() > 1});
            continue;
        }
        Switch& added = verb.switches.emplace_back(Switch{{}, value, option->get_description()});
        for (const std::string& name : option->get_snames())
            added.names.push_back('-' + name);
        for (const std::string& name : option->get_lnames())
            added.names.push_back("--" + name);
    }
    for (const CLI::App* each : app.get_subcommands({}))
        if (!each->get_group().empty()) verb.verbs.push_back(describe(*each));
    return verb;
}

std::string help_of(const CLI::App& app) {
    std::string path = app.get_name();
    for (const CLI::App* above = app.get_parent(); above != nullptr; above = above->get_parent())
        path.insert(0, above->get_name() + ' ');
    return help(describe(app), path);
}

} // namespace

Result<std::optional<std::string>> parse(std::span<char*> words, Grammar& grammar) {
    CLI::App app("Keeps environment variables in step on all of your machines.", "envmesh-cli");
    app.fallthrough();
    app.require_subcommand(1);
    app.set_help_flag("-h,--help", "Print this and exit");
    app.set_version_flag("--version", "envmesh-cli " ENVMESH_VERSION, "Print the version and exit");
    app.formatter_fn(
        [](const CLI::App* of, const std::string&, CLI::AppFormatMode) { return help_of(*of); });
    add_globals(app, grammar);
    add_verbs(app, grammar, words);
    try {
        app.parse(static_cast<int>(words.size()), words.data());
    } catch (const CLI::CallForHelp&) {
        return app.help();
    } catch (const CLI::CallForVersion& version) {
        return std::string(version.what()) + '\n';
    } catch (const CLI::ParseError& error) {
        std::string message = error.what();
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
            message = "The command line has a word that is not known here.";
        if (app.get_subcommands().empty())
            message = "The command line names no command known here.";
        return fail(Code::usage, message, "See 'envmesh-cli --help', or 'COMMAND --help'.");
    }
    const bool is_about_grammar = app.get_subcommands().front()->get_group().empty();
    if (is_about_grammar) grammar.grammar.grammar = describe(app);
    return std::nullopt;
}

} // namespace envmesh::cli
