// SPDX-License-Identifier: MIT
#include "core/node/policy.h"

#include <algorithm>
#include <array>

namespace envmesh::node {
namespace {

// '*' stands for any rest at the end, or any beginning at the start. The first letter alone turns
// most of the patterns away: an export asks for each name, and this was half of the daemon's work.
bool matches(std::string_view pattern, std::string_view name) {
    if (name.empty() || (pattern.front() != name.front() && pattern.front() != '*')) return false;
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
     "PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4",
     "PROMPT_COMMAND*", "PROMPT_DIRTRIM", "PROMPT_EOL_MARK", "PROMPT_INDICATOR*",
     "PROMPT_MULTILINE*", "RPROMPT", "RPROMPT2", "RPS1", "RPS2", "SPROMPT", "PSVAR", "POSTEDIT",
     "MAIL", "MAILPATH", "MAILCHECK", "HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCMD",
     "HISTCHARS", "HISTCONTROL", "HISTIGNORE", "HISTTIMEFORMAT", "SAVEHIST", "NULLCMD",
     "READNULLCMD", "TMPPREFIX", "TMOUT", "FUNCNEST", "STTY", "WORDCHARS", "KEYBOARD_HACK",
     "COLUMNS", "LINES", "SHLVL", "KEYTIMEOUT", "LISTMAX", "LOGCHECK", "DIRSTACKSIZE", "BAUD",
     "ERRNO", "ARGC", "TTYIDLE", "TTY", "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT", "COMP_*",
     "COMPREPLY", "COPROC", "DIRSTACK", "FUNCNAME", "GROUPS", "MAPFILE", "PIPESTATUS", "REPLY",
     "EPOCHSECONDS", "EPOCHREALTIME", "RANDOM", "SRANDOM", "SECONDS", "LINENO", "OPTIND", "OPTARG",
     "OPTERR", "UID", "EUID", "GID", "EGID", "USERNAME", "PPID", "CHILD_MAX", "IGNOREEOF",
     "TIMEFORMAT", "TIMEFMT", "READLINE_*", "ARGV0", "WATCH", "WATCHFMT", "PERIOD", "REPORT*",
     "HISTORY_IGNORE", "CORRECT_IGNORE*", "TMPSUFFIX", "ZLE_*", "ZLS_*", "ZBEEP", "HOSTFILE",
     "HOSTNAME", "HOSTTYPE", "MACHTYPE", "OSTYPE",
     // glibc's own list of what a privileged program must not see
     "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH", "RESOLV_HOST_CONF",
     "RES_OPTIONS", "HOSTALIASES", "LOCALDOMAIN", "NIS_PATH", "MALLOC_*",
     // the library that our own encryption uses
     "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSLKEYLOGFILE",
     // who and where the user is, and us
     "ENVMESH_*", "XDG_RUNTIME_DIR", "DBUS_*", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD",
     "SUDO_*", "SSH_AUTH_SOCK", "ComSpec", "PATHEXT", "SystemRoot", "windir", "USERPROFILE",
     "PSModulePath",
     // what other shells evaluate, convert, or refuse together with all the rest
     "KSH*", "JOBMAX", "PATHSEP", "PGRP", "USER_ID", "CURSHELL", "FILE_PWD", "CURRENT_FILE",
     "ENV_CONVERSIONS", "NU_*", "XONSH*", "XONTRIBS*", "PTK_*", "DIRSTACK_SIZE", "DOTGLOB",
     "UPDATE_OS_ENVIRON", "FISH_VERSION", "CMD_DURATION", "HISTEDIT",
     // our hook's own, and what completions evaluate
     "_envmesh*", "_comp*"});

constexpr auto approval = std::to_array<std::string_view>(
    {// where programs, their parts and their settings are found
     "PATH", "MANPATH", "INFOPATH", "XDG_*", "TMPDIR", "TEMP", "TMP", "TERM", "TERMCAP",
     "TERMINFO*", "TZ", "QT_*", "GTK_*", "GIO_*", "GST_*", "LADSPA_PATH", "VK_*", "OCL_*",
     "LIBGL_*", "LIBVA_*", "ALSA_*", "*_DRIVER_PATH", "*_DRIVERS_PATH", "GI_TYPELIB_PATH",
     "GJS_PATH", "GDK_PIXBUF_*", "QML*", "HDF5_PLUGIN_PATH", "MAGICK_*", "NIX_*",
     // interpreters and their package managers
     "NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED",
     "NODE_REPL_*", "NPM_CONFIG_*", "ELECTRON_*", "PYTHON*", "PIP_*", "PYTEST_*", "PERL*", "RUBY*",
     "GEM_*", "BUNDLE_*", "PHPRC", "PHP_INI_SCAN_DIR", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS",
     "CLASSPATH", "MAVEN_ARGS", "*_OPTS", "*_HOME", "*ENV_ROOT", "NVM_DIR", "MPLBACKEND", "LUA_*",
     "LUAROCKS_*", "R_PROFILE*", "R_ENVIRON*", "R_LIBS*", "JULIA_*", "ERL_*", "ELIXIR_*", "GUILE_*",
     "TCLLIBPATH", "DOTNET_STARTUP_HOOKS", "DOTNET_ADDITIONAL_DEPS", "DOTNET_SHARED_STORE",
     "MONO_*", "COR_*", "CORECLR_*", "TS_NODE_*", "BUN_OPTIONS", "BUN_CONFIG_*", "YARN_*",
     "COREPACK_*", "CONDA_*", "MAMBA_*", "VIRTUAL_ENV*", "VIRTUALENV*", "UV_INDEX*",
     "UV_DEFAULT_INDEX", "UV_PYTHON*", "UV_CONFIG_FILE", "IPYTHONDIR", "JUPYTER_CONFIG_*",
     "JUPYTER_PATH", "IRBRC", "PRYRC", "OPAM*", "OCAML*", "CAML_*", "GHC_*", "CABAL_*", "LEIN_*",
     "JAVACMD", "JAVA_CMD", "ASDF_*", "AWKPATH", "AWKLIBPATH",
     // compilers and builds
     "CC", "CXX", "CPP", "LD", "AR", "AS", "FC", "*FLAGS", "*_WRAPPER", "CONFIG_SITE",
     "CONFIG_SHELL", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH",
     "COMPILER_PATH", "GCC_EXEC_PREFIX", "PKG_CONFIG*", "MAKEFILES", "CMAKE_*", "CCACHE_*",
     "DISTCC_*", "CARGO_*", "RUST*", "GOPROXY", "GOTOOLCHAIN", "GOSUMDB", "GOENV", "GOROOT",
     "GOPATH", "GOAUTH", "GOVCS", "GOINSECURE", "GONOSUMDB", "GOCACHEPROG", "CGO_*",
     // programs that start others, by name or by a file of settings
     "EDITOR", "VISUAL", "PAGER", "MANPAGER", "MANLESS", "SYSTEMD_LESS", "*_EDITOR", "*_PAGER",
     "*_ASKPASS", "*_RSH", "*_COMMAND", "SSH_SK_PROVIDER", "KRB5_CONFIG", "MYVIMRC", "BROWSER",
     "TERMINAL", "LESS", "LESSOPEN", "LESSCLOSE", "LESSKEY*", "MANOPT", "MANROFFOPT", "GROFF_*",
     "VIMINIT", "EXINIT", "VIM", "VIMRUNTIME", "NVIM_*", "EMACS*", "FZF_*", "ZSH", "STARSHIP_*",
     "POWERLEVEL*", "SPACESHIP_*", "DIRENV_*", "GIT_*", "SVN_SSH", "HGRCPATH", "HGEDITOR",
     "CVSEDITOR", "TAR_OPTIONS", "RSYNC_CONNECT_PROG", "RIPGREP_CONFIG_PATH", "GNUPGHOME", "TMUX*",
     "SCREENRC", "PSQLRC", "PGSYSCONFDIR", "PGSERVICEFILE", "WGETRC", "NETRC", "ANSIBLE_*",
     "TF_CLI_*", "HELM_PLUGINS", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "DOCKER_HOST",
     "DOCKER_CONFIG", "KUBECONFIG",
     // whom a program trusts, and through whom it speaks
     "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE",
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
    // A name that does not begin with a capital is a shell's function's or a program's own.
    const bool is_capital = !name.empty() && name.front() >= 'A' && name.front() <= 'Z';
    return !is_capital || any(approval, name) ? NameClass::approval : NameClass::free;
}

} // namespace envmesh::node
