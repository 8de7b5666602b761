// SPDX-License-Identifier: MIT
#include "core/node/policy.h"

#include <algorithm>
#include <array>

namespace envmesh::node {
namespace {

// '*' stands for any rest at the end, or any beginning at the start.
bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
    if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
    return name == pattern;
}

// Views, not pointers: an export asks for each name, and none is to be measured then.
constexpr auto never = std::to_array<std::string_view>(
    {// the dynamic loader
     "LD_*", "DYLD_*", "_RLD*", "LIBPATH", "SHLIB_PATH", "LDR_*",
     // every parameter that bash or zsh gives a meaning of its own. Prompts and notices of mail
     // are expanded when shown, commands too; numbers are evaluated when assigned, which runs the
     // command of x[$(command)]; some are read-only and end the script; for root, USERNAME in zsh
     // becomes that user
     "_", "BASH*", "BASHPID", "SHELLOPTS", "ENV", "IFS", "POSIXLY_CORRECT", "INPUTRC", "FCEDIT",
     "GLOBIGNORE", "EXECIGNORE", "FIGNORE", "CDPATH", "FPATH", "MODULE_PATH", "ZDOTDIR", "ZSH_*",
     "PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4", "PROMPT_COMMAND",
     "PROMPT_DIRTRIM", "RPROMPT", "RPROMPT2", "RPS1", "RPS2", "SPROMPT", "PSVAR", "POSTEDIT",
     "MAIL", "MAILPATH", "MAILCHECK", "HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCMD",
     "HISTCHARS", "HISTCONTROL", "HISTIGNORE", "HISTTIMEFORMAT", "SAVEHIST", "NULLCMD",
     "READNULLCMD", "TMPPREFIX", "TMOUT", "FUNCNEST", "STTY", "WORDCHARS", "KEYBOARD_HACK",
     "COLUMNS", "LINES", "SHLVL", "KEYTIMEOUT", "LISTMAX", "LOGCHECK", "DIRSTACKSIZE", "BAUD",
     "ERRNO", "ARGC", "TTYIDLE", "TTY", "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT", "COMP_*",
     "COMPREPLY", "COPROC", "DIRSTACK", "FUNCNAME", "GROUPS", "MAPFILE", "PIPESTATUS", "REPLY",
     "EPOCHSECONDS", "EPOCHREALTIME", "RANDOM", "SRANDOM", "SECONDS", "LINENO", "OPTIND", "OPTARG",
     "OPTERR", "UID", "EUID", "GID", "EGID", "USERNAME", "PPID", "CHILD_MAX", "IGNOREEOF",
     "TIMEFORMAT", "TIMEFMT", "READLINE_*", "HOSTFILE", "HOSTNAME", "HOSTTYPE", "MACHTYPE",
     "OSTYPE",
     // glibc's own list of what a privileged program must not see
     "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH", "RESOLV_HOST_CONF",
     "RES_OPTIONS", "HOSTALIASES", "LOCALDOMAIN", "NIS_PATH", "MALLOC_*",
     // the library that our own encryption uses
     "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSLKEYLOGFILE",
     // who and where the user is, and us
     "ENVMESH_*", "XDG_RUNTIME_DIR", "DBUS_*", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD",
     "SUDO_*", "SSH_AUTH_SOCK", "ComSpec", "PATHEXT", "SystemRoot", "windir", "USERPROFILE",
     "PSModulePath"});

constexpr auto approval = std::to_array<std::string_view>({"PATH",
                                                           "MANPATH",
                                                           "NODE_OPTIONS",
                                                           "NODE_PATH",
                                                           "NODE_EXTRA_CA_CERTS",
                                                           "NODE_TLS_REJECT_UNAUTHORIZED",
                                                           "NODE_REPL_*",
                                                           "NPM_CONFIG_*",
                                                           "PYTHONSTARTUP",
                                                           "PYTHONPATH",
                                                           "PYTHONHOME",
                                                           "PYTHONINSPECT",
                                                           "PYTHONUSERBASE",
                                                           "PYTHONWARNINGS",
                                                           "PYTHONBREAKPOINT",
                                                           "PIP_*",
                                                           "PERL5LIB",
                                                           "PERL5OPT",
                                                           "PERL5DB",
                                                           "PERLLIB",
                                                           "RUBYLIB",
                                                           "RUBYOPT",
                                                           "GEM_*",
                                                           "BUNDLE_*",
                                                           "PHPRC",
                                                           "PHP_INI_SCAN_DIR",
                                                           "JAVA_TOOL_OPTIONS",
                                                           "_JAVA_OPTIONS",
                                                           "JDK_JAVA_OPTIONS",
                                                           "CLASSPATH",
                                                           "MAVEN_OPTS",
                                                           "GRADLE_OPTS",
                                                           "LUA_INIT*",
                                                           "LUA_PATH",
                                                           "R_PROFILE*",
                                                           "GIT_*",
                                                           "SSH_ASKPASS",
                                                           "SUDO_ASKPASS",
                                                           "EDITOR",
                                                           "VISUAL",
                                                           "PAGER",
                                                           "MANPAGER",
                                                           "LESSOPEN",
                                                           "LESSCLOSE",
                                                           "VIMINIT",
                                                           "EXINIT",
                                                           "FZF_*",
                                                           "ZSH",
                                                           "STARSHIP_*",
                                                           "BROWSER",
                                                           "RUSTC_WRAPPER",
                                                           "RUSTFLAGS",
                                                           "DOTNET_STARTUP_HOOKS",
                                                           "LUA_CPATH",
                                                           "TAR_OPTIONS",
                                                           "RSYNC_RSH",
                                                           "CARGO_*",
                                                           "CC",
                                                           "CXX",
                                                           "LD",
                                                           "MAKEFLAGS",
                                                           "CMAKE_*",
                                                           "GOFLAGS",
                                                           "GOPROXY",
                                                           "GOSUMDB",
                                                           "DOCKER_HOST",
                                                           "XDG_*",
                                                           "KUBECONFIG",
                                                           "TERMINFO*",
                                                           "TERM",
                                                           "TERMCAP",
                                                           "TZ",
                                                           "TMPDIR",
                                                           "TEMP",
                                                           "TMP",
                                                           "SSL_CERT_FILE",
                                                           "SSL_CERT_DIR",
                                                           "REQUESTS_CA_BUNDLE",
                                                           "CURL_CA_BUNDLE",
                                                           "AWS_CA_BUNDLE",
                                                           "*_PROXY"});

// The lower-case names that programs agree on; all others are zsh's arrays, or unknown.
constexpr auto free_lower_case = std::to_array<std::string_view>(
    {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"});

template <class Patterns>
bool any(const Patterns& patterns, std::string_view name) {
    return std::ranges::any_of(patterns,
                               [&](std::string_view pattern) { return matches(pattern, name); });
}

} // namespace

NameClass classify(std::string_view name) {
    if (any(never, name)) return NameClass::never;
    if (any(free_lower_case, name)) return NameClass::free;
    const bool lower = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
    return lower || any(approval, name) ? NameClass::approval : NameClass::free;
}

} // namespace envmesh::node
