// SPDX-License-Identifier: MIT
// Variables that do not reach a shell, and what is set here that changes which do.
#include "cli/doctor/checks.h"

#include "cli/hook_file.h"
#include "cli/script.h"

#include <algorithm>

namespace envmesh::cli::diagnosis {
namespace {

constexpr std::size_t most_names = 20; // of what is a command to be typed

std::string listed(const std::string& command, std::vector<std::string> names) {
    names.resize(std::min(names.size(), most_names));
    return command + ' ' + joined(names, " ");
}

std::vector<std::string> waiting(const Facts& facts) {
    std::vector<std::string> names;
    if (!facts.untrusted) return names;
    for (const auto& variable : facts.untrusted->variables)
        if (!has(names, variable.key)) names.push_back(variable.key);
    return names;
}

// What a person changed stays so in shells that are started from this one, unless its marks go.
std::string begin_anew(const std::string& shell) {
    if (shell == "fish") return "set -e ENVMESH_STATE; exec fish";
    if (shell == "bash" || shell == "zsh") return "unset ENVMESH_STATE; exec " + shell;
    return "Open a new terminal.";
}

} // namespace

Findings approval(const Facts& facts) {
    if (!facts.untrusted) return {};
    const auto names = waiting(facts);
    if (names.empty()) return {{"approval", State::ok, "nothing waits for approval"}};
    return {{"approval", State::warning,
             counted(names.size(), "variable") + " can change which code runs, not approved here",
             names, listed("envmesh-cli trust", names)}};
}

Findings left_out(const Facts& facts) {
    if (!facts.exported) return {};
    const auto known = waiting(facts);
    std::vector<std::string> reasons, names;
    for (const std::string& entry : facts.exported->skipped) {
        const std::string name = entry.substr(0, entry.find(':'));
        if (has(known, name)) continue;
        reasons.push_back(entry);
        if (is_variable_name(name)) names.push_back(name);
    }
    if (reasons.empty()) return {{"left-out", State::ok, "shells get all that is meant for them"}};
    return {
        {"left-out", State::warning, counted(reasons.size(), "thing") + " left out of exports",
         reasons,
         names.empty() ? "envmesh-cli trust --project" : "envmesh-cli explain " + names.front()}};
}

Findings project(const Facts& facts) {
    if (!facts.exported) {
        const Error& error = facts.exported.error();
        if (!facts.status || error.code == Code::locked || error.code == Code::absent) return {};
        return {{"export",
                 State::fault,
                 "it cannot be told what shells get here",
                 {error.message},
                 error.fix}};
    }
    const auto& missing = facts.exported->missing;
    if (missing.empty()) return {};
    return {{"project", State::fault,
             counted(missing.size(), "variable") + " required by the project here, but not set",
             missing, listed("envmesh-cli set", missing)}};
}

Findings surroundings(const Facts& facts) {
    Findings found;
    if (inherited("ENVMESH_HOME"))
        found.push_back({"environment", State::ok, "ENVMESH_HOME chooses one folder for all"});
    if (inherited("ENVMESH_PROFILE").value_or("") != "")
        found.push_back({"environment",
                         State::warning,
                         "ENVMESH_PROFILE replaces the profiles that are in use",
                         {},
                         "unset ENVMESH_PROFILE"});
    const std::string shell(inherited("ENVMESH_SHELL").value_or(""));
    if (shell.empty()) return found;
    const auto known = shell_named(shell);
    if (!known)
        found.push_back({"environment",
                         State::fault,
                         "ENVMESH_SHELL is no shell that is known: nothing is exported",
                         {},
                         "unset ENVMESH_SHELL"});
    else if (!facts.parent.empty() && known->name != facts.parent)
        found.push_back({"environment",
                         State::warning,
                         "ENVMESH_SHELL is another shell than the one that runs here",
                         {},
                         "unset ENVMESH_SHELL"});
    return found;
}

Findings this_shell(const Facts& facts) {
    if (!has(hooked_shells, facts.parent) || !facts.exported) return {}; // sh runs scripts
    const auto [missing, different] = difference(facts.wanted);
    const bool follows = inherited(marks_variable).has_value();
    if (!follows && !facts.wanted.empty() && missing.size() == facts.wanted.size())
        return {{"this-shell",
                 State::warning,
                 "this shell has none of the variables",
                 {},
                 "envmesh-cli hook install " + facts.parent + "; exec " + facts.parent}};
    Findings found;
    if (!different.empty())
        found.push_back({"this-shell", State::warning,
                         counted(different.size(), "variable") +
                             " set otherwise in this shell, which counts here",
                         different, begin_anew(facts.parent)});
    if (!missing.empty())
        found.push_back({"this-shell", State::warning,
                         counted(missing.size(), "variable") + " missing in this shell", missing,
                         begin_anew(facts.parent)});
    if (found.empty())
        found.push_back({"this-shell", State::ok,
                         "this shell has " + counted(facts.wanted.size(), "variable")});
    return found;
}

} // namespace envmesh::cli::diagnosis
