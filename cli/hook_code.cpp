// SPDX-License-Identifier: MIT
#include "cli/hook_code.h"

#include "cli/script.h"

namespace envmesh::cli {
namespace {

// Whatever is evaluated within a function would be kept from the shell by a local variable of the
// same name, so these have long ones. A backslash keeps aliases out; without the word itself bash
// splits what is assigned, hence the quotes. errexit means nothing in what runs before ||. Before
// bash 5.1 PROMPT_COMMAND was one string, which is element 0 of a list as well.
constexpr std::string_view bash = R"bash(if [[ $- == *i* ]]; then
    _envmesh_seen='' _envmesh_folder='' _envmesh_project='' _envmesh_tries=0
    _envmesh_find() {
        \local _envmesh_at="$PWD"
        _envmesh_folder=$PWD _envmesh_project=''
        until [[ -f $_envmesh_at/.envmesh.toml ]]; do
            [[ $_envmesh_at == */* ]] || \return 0
            _envmesh_at=${_envmesh_at%/*}
        done
        _envmesh_project=$_envmesh_at/.envmesh.toml
    }
    _envmesh_refresh() {
        \local _envmesh_generation='' _envmesh_settings='' _envmesh_lines
        [[ -r @GENERATION@ ]] || \return 0
        IFS= \read -r _envmesh_generation <@GENERATION@
        [[ -n $_envmesh_generation ]] || \return 0
        if [[ $PWD != "$_envmesh_folder" || -f .envmesh.toml ]]; then _envmesh_find; fi
        if [[ -n $_envmesh_project ]]; then
            { IFS= \read -r -d '' -n 65536 _envmesh_settings <"$_envmesh_project"; } 2>/dev/null
        fi
        _envmesh_settings=$_envmesh_generation:$_envmesh_project:$_envmesh_settings
        [[ $_envmesh_settings != "$_envmesh_seen" ]] || \return 0
        _envmesh_tries=$((_envmesh_tries + 1))
        if [[ $_envmesh_tries -ge 3 ]]; then _envmesh_seen=$_envmesh_settings _envmesh_tries=0; fi
        _envmesh_lines=$(envmesh-cli export --hook --shell bash)
        [[ -n $_envmesh_lines ]] || \return 0
        \eval "$_envmesh_lines"
        _envmesh_seen=$_envmesh_settings _envmesh_tries=0
    }
    _envmesh_hook() {
        \local _envmesh_status="$?"
        _envmesh_refresh || \:
        [[ $- == *e* ]] || \return "$_envmesh_status"
    }
    if [[ "${PROMPT_COMMAND[*]-}" != *_envmesh_hook* ]]; then
        if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
            PROMPT_COMMAND+=(_envmesh_hook)
        else
            PROMPT_COMMAND[0]=${PROMPT_COMMAND[0]:+${PROMPT_COMMAND[0]}$'\n'}_envmesh_hook
        fi
    fi
fi
)bash";

constexpr std::string_view zsh = R"zsh(if [[ -o interactive ]]; then
    \typeset -g _envmesh_seen='' _envmesh_folder='' _envmesh_project='' _envmesh_tries=0
    \zmodload -F zsh/system b:sysread
    \autoload -Uz add-zsh-hook
    _envmesh_find() {
        \local _envmesh_at="$PWD"
        _envmesh_folder=$PWD _envmesh_project=''
        until [[ -f $_envmesh_at/.envmesh.toml ]]; do
            [[ $_envmesh_at == */* ]] || \return 0
            _envmesh_at=${_envmesh_at%/*}
        done
        _envmesh_project=$_envmesh_at/.envmesh.toml
    }
    _envmesh_hook() {
        \emulate -L zsh
        \local _envmesh_generation='' _envmesh_settings='' _envmesh_lines
        [[ -r @GENERATION@ ]] || \return 0
        IFS= \read -r _envmesh_generation <@GENERATION@
        [[ -n $_envmesh_generation ]] || \return 0
        if [[ $PWD != "$_envmesh_folder" || -f .envmesh.toml ]]; then _envmesh_find; fi
        if [[ -n $_envmesh_project ]]; then
            { \sysread -s 65536 _envmesh_settings <$_envmesh_project; } 2>/dev/null
        fi
        _envmesh_settings=$_envmesh_generation:$_envmesh_project:$_envmesh_settings
        [[ $_envmesh_settings != "$_envmesh_seen" ]] || \return 0
        _envmesh_tries=$((_envmesh_tries + 1))
        if [[ $_envmesh_tries -ge 3 ]]; then _envmesh_seen=$_envmesh_settings _envmesh_tries=0; fi
        _envmesh_lines=$(envmesh-cli export --hook --shell zsh)
        [[ -n $_envmesh_lines ]] || \return 0
        \eval "$_envmesh_lines"
        _envmesh_seen=$_envmesh_settings _envmesh_tries=0
    }
    \add-zsh-hook precmd _envmesh_hook
    \add-zsh-hook preexec _envmesh_hook
fi
)zsh";

// A folder here ends with a slash, since `string collect` cuts off the line ends of its name.
constexpr std::string_view fish = R"fish(if status is-interactive
    set -g _envmesh_seen ''
    set -g _envmesh_folder ''
    set -g _envmesh_project ''
    set -g _envmesh_tries 0
    function _envmesh_find
        set -l at "$PWD/"
        set _envmesh_folder $PWD
        set _envmesh_project ''
        while not test -f "$at.envmesh.toml"
            set at (string replace -r '[^/]*/$' '' -- "$at" | string collect)
            test -n "$at"; or return
        end
        set _envmesh_project "$at.envmesh.toml"
    end
    function _envmesh_hook --on-event fish_prompt --on-event fish_preexec
        test -r @GENERATION@; or return
        read -l generation <@GENERATION@; or return
        if test "$PWD" != "$_envmesh_folder"; or test -f .envmesh.toml
            _envmesh_find
        end
        set -l settings
        if test -r "$_envmesh_project"
            read -z -n 65536 settings <$_envmesh_project
        end
        set -l key "$generation:$_envmesh_project:$settings"
        test "$key" != "$_envmesh_seen"; or return
        set _envmesh_tries (math $_envmesh_tries + 1)
        if test $_envmesh_tries -ge 3
            set _envmesh_seen $key
            set _envmesh_tries 0
        end
        set -l lines (envmesh-cli export --hook --shell fish | string collect -N)
        test -n "$lines"; or return
        printf '%s' $lines | source
        set _envmesh_seen $key
        set _envmesh_tries 0
    end
end
)fish";

// The person's own prompt sees $? and $LASTEXITCODE as they were.
constexpr std::string_view pwsh = R"pwsh(if (-not (Test-Path Variable:global:_envmesh)) {
    $global:_envmesh = @{ seen = ''; folder = ''; project = ''; tries = 0; prompt = $function:prompt }
    function global:_envmesh_find {
        $global:_envmesh.folder = $PWD.ProviderPath
        $global:_envmesh.project = ''
        $at = $PWD.ProviderPath
        while ($at) {
            $file = [IO.Path]::Combine($at, '.envmesh.toml')
            if ([IO.File]::Exists($file)) { $global:_envmesh.project = $file; return }
            $at = [IO.Path]::GetDirectoryName($at)
        }
    }
    function global:_envmesh_refresh {
        $generation = @GENERATION@
        if (-not [IO.File]::Exists($generation)) { return }
        $key = [IO.File]::ReadAllText($generation)
        $here = [IO.Path]::Combine($PWD.ProviderPath, '.envmesh.toml')
        if ($PWD.ProviderPath -cne $global:_envmesh.folder -or [IO.File]::Exists($here)) { _envmesh_find }
        $project = $global:_envmesh.project
        if ($project -and [IO.File]::Exists($project)) { $key += $project + [IO.File]::ReadAllText($project) }
        if ($key -ceq $global:_envmesh.seen) { return }
        $global:_envmesh.tries++
        if ($global:_envmesh.tries -ge 3) { $global:_envmesh.seen = $key; $global:_envmesh.tries = 0 }
        $lines = (envmesh-cli export --hook --shell pwsh) -join "`n"
        if (-not $lines) { return }
        Invoke-Expression $lines
        $global:_envmesh.seen = $key
        $global:_envmesh.tries = 0
    }
    function global:prompt {
        $succeeded = $?
        $code = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
        try { _envmesh_refresh } catch { }
        $global:LASTEXITCODE = $code
        if (-not $succeeded) { Write-Error '' -ErrorAction Ignore }
        & $global:_envmesh.prompt
    }
}
)pwsh";

// Its state is a record, which nu does not hand on to programs. A null unsets.
constexpr std::string_view nu = R"nu($env._envmesh = {seen: '', folder: '', project: '', tries: 0}
$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {||
    let file = ($env.ENVMESH_HOME? | default @FOLDER@ | path join generation)
    let generation = (try { open --raw $file | decode utf-8 } catch { '' })
    if ($generation | is-empty) { return }
    if $env.PWD != $env._envmesh.folder or ('.envmesh.toml' | path exists) {
        mut at = $env.PWD
        mut project = ''
        loop {
            let file = ($at | path join .envmesh.toml)
            if ($file | path type) == file { $project = $file; break }
            let above = ($at | path dirname)
            if $above == $at { break }
            $at = $above
        }
        $env._envmesh.folder = $env.PWD
        $env._envmesh.project = $project
    }
    let settings = (try { open --raw $env._envmesh.project | decode utf-8 } catch { '' })
    let key = $"($generation):($env._envmesh.project):($settings)"
    if $key == $env._envmesh.seen { return }
    $env._envmesh.tries = $env._envmesh.tries + 1
    if $env._envmesh.tries >= 3 { $env._envmesh.seen = $key; $env._envmesh.tries = 0 }
    let lines = (^envmesh-cli export --hook --shell nu)
    if ($lines | is-empty) { return }
    $lines | from json | load-env
    $env._envmesh.seen = $key
    $env._envmesh.tries = 0
})
)nu";

constexpr std::string_view elvish = R"elvish(use path
var seen = ''
var folder = ''
var project = ''
var tries = (num 0)
fn find {
    set folder = $pwd
    set project = ''
    var at = $pwd
    while (not (path:is-regular &follow-symlink=$true (path:join $at .envmesh.toml))) {
        var above = (path:dir $at)
        if (eq $above $at) { return }
        set at = $above
    }
    set project = (path:join $at .envmesh.toml)
}
fn refresh {
    var generation = ''
    var settings = ''
    try { set generation = (slurp < @GENERATION@) } catch { return }
    if (or (not-eq $pwd $folder) (path:is-regular &follow-symlink=$true .envmesh.toml)) { find }
    try { set settings = (slurp < $project) } catch { }
    var key = $generation$project$settings
    if (eq $key $seen) { return }
    set tries = (+ $tries 1)
    if (>= $tries 3) { set seen = $key; set tries = (num 0) }
    var lines = (envmesh-cli export --hook --shell elvish | slurp)
    if (eq $lines '') { return }
    eval $lines
    set seen = $key
    set tries = (num 0)
}
set edit:before-readline = [ $@edit:before-readline $refresh~ ]
)elvish";

constexpr std::string_view xonsh = R"xonsh(if $XONSH_INTERACTIVE and '_envmesh' not in globals():
    _envmesh = {'seen': '', 'folder': '', 'project': '', 'tries': 0}

    def _envmesh_read(path):
        try:
            with open(path, 'rb') as file:
                return file.read(65536)
        except OSError:
            return b''

    def _envmesh_find(folder):
        import os
        _envmesh['folder'], _envmesh['project'] = folder, ''
        while not os.path.isfile(os.path.join(folder, '.envmesh.toml')):
            if folder == os.path.dirname(folder):
                return
            folder = os.path.dirname(folder)
        _envmesh['project'] = os.path.join(folder, '.envmesh.toml')

    @events.on_pre_prompt
    def _envmesh_hook(**_):
        import os
        generation = _envmesh_read(@GENERATION@)
        if not generation:
            return
        if $PWD != _envmesh['folder'] or os.path.isfile('.envmesh.toml'):
            _envmesh_find($PWD)
        key = (generation, _envmesh['project'], _envmesh_read(_envmesh['project']))
        if key == _envmesh['seen']:
            return
        _envmesh['tries'] += 1
        if _envmesh['tries'] >= 3:
            _envmesh['seen'], _envmesh['tries'] = key, 0
        lines = $(envmesh-cli export --hook --shell xonsh)
        if lines:
            execx(lines)
            _envmesh['seen'], _envmesh['tries'] = key, 0
)xonsh";

struct Hook {
    std::string_view shell, code;
};
constexpr std::array hooks{Hook{"bash", bash},  Hook{"zsh", zsh}, Hook{"fish", fish},
                           Hook{"pwsh", pwsh},  Hook{"nu", nu},   Hook{"elvish", elvish},
                           Hook{"xonsh", xonsh}};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

} // namespace

std::string hook_code(const Shell& shell, const std::filesystem::path& generation) {
    for (const Hook& hook : hooks) {
        if (hook.shell != shell.name) continue;
        std::string code(hook.code);
        replace_all(code, "@GENERATION@", quoted(shell.dialect, generation.string()));
        replace_all(code, "@FOLDER@", quoted(shell.dialect, generation.parent_path().string()));
        return code;
    }
    return {};
}

} // namespace envmesh::cli
