// SPDX-License-Identifier: MIT
// The shell hands over the words so far on standard input, so that a value among them is in no
// argument; 'complete' knows the rest.
#include "cli/commands.h"

namespace envmesh::cli {
namespace {

constexpr auto bash = R"(_envmesh_cli() {
    local name
    COMPREPLY=()
    while IFS=$'\t' read -r name _; do
        case $name in
        :files) compopt -o default ;;
        :dirs) compopt -o dirnames ;;
        :commands) while read -r name; do COMPREPLY+=("$name"); done < <(compgen -c -- "$2") ;;
        *) COMPREPLY+=("$name") ;;
        esac
    done < <(printf '%s\0' "${COMP_WORDS[@]:1:COMP_CWORD}" | envmesh-cli complete 2>/dev/null)
}
complete -F _envmesh_cli envmesh-cli
)";

constexpr auto zsh = R"(#compdef envmesh-cli
_envmesh_cli() {
    local line
    local -a found
    for line in "${(@f)$(print -rN -- "${(@)words[2,CURRENT]}" | envmesh-cli complete 2>/dev/null)}"; do
        case $line in
        :files) _files; return ;;
        :dirs) _files -/; return ;;
        :commands) _command_names -e; return ;;
        *$'\t'*) found+=("${line%%$'\t'*}:${line#*$'\t'}") ;;
        ?*) found+=("$line") ;;
        esac
    done
    _describe -t values value found
}
if [ "$funcstack[1]" = _envmesh_cli ]; then _envmesh_cli "$@"; else compdef _envmesh_cli envmesh-cli; fi
)";

constexpr auto fish = R"(function __envmesh_cli_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (string join0 -- $words[2..] | envmesh-cli complete 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (commandline -ct)
            case :dirs
                __fish_complete_directories (commandline -ct)
            case :commands
                complete -C(commandline -ct)
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c envmesh-cli -f -a '(__envmesh_cli_complete)'
)";

constexpr auto pwsh = R"(Register-ArgumentCompleter -Native -CommandName envmesh-cli -ScriptBlock {
    param($word, $tree, $position)
    $words = @($tree.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $position } | ForEach-Object { $_.ToString() })
    if ($word -eq '') { $words += '' }
    ($words -join "`0") | envmesh-cli complete 2>$null | ForEach-Object {
        $name, $help = $_ -split "`t", 2
        if (-not $help) { $help = $name }
        if ($name -notlike ':*') {
            [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $help)
        }
    }
}
)";

} // namespace

Exit completion(Context& context, const CompletionOptions& options) {
    const std::string_view text = options.shell == "bash"   ? bash
                                  : options.shell == "zsh"  ? zsh
                                  : options.shell == "fish" ? fish
                                                            : pwsh;
    context.out.raw(view(text));
    return 0;
}

} // namespace envmesh::cli
