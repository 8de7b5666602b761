// SPDX-License-Identifier: MIT
#include "cli/commands.h"

namespace envmesh::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string names(const std::vector<Verb>& verbs) {
    std::string out;
    for (const Verb& verb : verbs)
        out += (out.empty() ? "" : " ") + verb.name;
    return out;
}

// Descriptions are ours and hold no quote; a test keeps it so.
std::string bash(const std::vector<Verb>& verbs) {
    std::string out = "_envmesh_cli() {\n"
                      "    local word=${COMP_WORDS[COMP_CWORD]} words\n"
                      "    case ${COMP_WORDS[1]} in\n";
    for (const Verb& verb : verbs)
        out += "    " + verb.name + ") words='" + joined(verb.options) + "' ;;\n";
    out += "    *) words='" + names(verbs) + "' ;;\n    esac\n";
    out += "    [ \"$COMP_CWORD\" = 1 ] && words='" + names(verbs) + "'\n";
    out += "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n";
    return out + "complete -o default -F _envmesh_cli envmesh-cli\n";
}

std::string zsh(const std::vector<Verb>& verbs) {
    std::string out = "#compdef envmesh-cli\n_envmesh_cli() {\n    local -a verbs\n    verbs=(\n";
    for (const Verb& verb : verbs)
        out += "        '" + verb.name + ':' + verb.description + "'\n";
    out += "    )\n    if (( CURRENT == 2 )); then\n        _describe command verbs\n"
           "        return\n    fi\n    case $words[2] in\n";
    for (const Verb& verb : verbs)
        out += "    " + verb.name + ") compadd -- " + joined(verb.options) + " ;;\n";
    return out + "    esac\n}\ncompdef _envmesh_cli envmesh-cli\n";
}

std::string fish(const std::vector<Verb>& verbs) {
    std::string out = "complete -c envmesh-cli -f\n";
    for (const Verb& verb : verbs) {
        out += "complete -c envmesh-cli -n __fish_use_subcommand -a " + verb.name + " -d '" +
               verb.description + "'\n";
        for (const std::string& option : verb.options)
            if (option.starts_with("--"))
                out += "complete -c envmesh-cli -n '__fish_seen_subcommand_from " + verb.name +
                       "' -l " + option.substr(2) + '\n';
    }
    return out;
}

} // namespace

Exit completion(Context& context, const CompletionOptions& options) {
    const auto text = options.shell == "bash"  ? bash(options.verbs)
                      : options.shell == "zsh" ? zsh(options.verbs)
                                               : fish(options.verbs);
    context.out.raw(view(text));
    return 0;
}

} // namespace envmesh::cli
