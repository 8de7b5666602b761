// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/help.h"

namespace envmesh::cli {
namespace {

// As roff reads it: a dash that can be copied, no line that is taken for a request.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool begins = out.empty() || out.back() == '\n';
        if (begins && (c == '.' || c == '\'')) out += "\\&";
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '\'')
            out += "\\(aq";
        else
            out += c;
    }
    return out;
}

std::string item(std::string_view heading, std::string_view help) {
    return ".TP\n.B " + roff(heading) + '\n' + roff(help) + ".\n";
}

std::string section(const Verb& verb, const std::string& path) {
    std::string out = ".SS " + roff(path + verb.name) + "\n" + roff(verb.help) + ".\n.PP\n.B " +
                      roff(path + usage(verb)) + '\n';
    for (const Argument& one : verb.arguments)
        out += item(one.name, one.help);
    for (const Switch& one : verb.switches)
        if (one.names.back() != "--help") out += item(heading(one), one.help);
    if (!verb.more.empty()) out += ".PP\n.EX\n" + roff(verb.more) + "\n.EE\n";
    for (const Verb& below : verb.verbs)
        out += section(below, path + verb.name + ' ');
    return out;
}

constexpr auto description = R"(.SH DESCRIPTION
Keeps environment variables, such as keys, addresses and settings, in step on all of a person's
machines, encrypted from end to end. The program asks
.BR envmesh\-daemon ,
which runs in the background. Data goes to standard output and everything else to standard error.
Without a vault on this machine,
.B envmesh\-cli init
makes a new mesh and
.B envmesh\-cli join
joins that of another machine.
.PP
A variable is stored in a scope, and the narrowest one that applies here counts:
.BR device ,
then the profiles in use, the last one first, then
.BR shared .
A name that decides which code runs, such as PATH or EDITOR, reaches the shells of a machine only where
its value was set or approved
.RB ( trust ).
.PP
A folder can hold a file
.B .envmesh.toml
without any value, loaded by the hook in that folder and below once it is trusted:
.PP
.EX
profile = "dev"
required = ["DATABASE_URL"]
.EE
)";

constexpr auto surroundings = R"(.SH ENVIRONMENT
.TP
.B ENVMESH_HOME
Puts all files of program and daemon under this folder.
.TP
.B ENVMESH_PROFILE
Profiles instead of those in use, with commas, as \-\-profile.
.TP
.B ENVMESH_SHELL
The shell for which export and hook write, as \-\-shell.
.TP
.B ENVMESH_QUIET
As \-\-quiet.
.TP
.B ENVMESH_STATE
Written by the hook: what it changed in this shell, so that it can take it back.
.TP
.B ENVMESH_TOLD
Written by the hook: what it said of the project here, so that it says it once.
.TP
.B NO_COLOR
No colours, unless \-\-color says otherwise.
)";

std::string exit_statuses() {
    struct Meaning {
        Code code;
        const char* text;
    };
    constexpr Meaning meanings[] = {
        {Code::internal, "A fault of the program or of the machine"},
        {Code::usage, "The command line is wrong"},
        {Code::not_found, "There is no such variable, profile, device or invitation"},
        {Code::unreachable, "The daemon or the server does not answer"},
        {Code::locked, "The vault is locked or absent, or the password is wrong"},
        {Code::denied, "A policy or a person refused"},
        {Code::incomplete, "Synchronisation is not complete"},
        {Code::conflict, "It is not in the state that was required"},
        {Code::protocol, "The other side speaks another protocol or is newer"},
        {Code::invalid, "A name, a value or an input cannot be represented"},
        {Code::storage, "The disk is full or fails, or what it holds is damaged"},
    };
    std::string out = ".SH EXIT STATUS\n" + item("0", "Done");
    for (const auto& [code, text] : meanings)
        out += item(std::to_string(exit_status(code)), text);
    return out + item("125, 126, 127",
                      "Of run: it could not begin; the program cannot be run; there "
                      "is no such program. Else the status is the program's");
}

} // namespace

Exit manual(Context& context, const GrammarOptions& options) {
    const Verb& program = options.grammar;
    std::string out =
        ".TH ENVMESH\\-CLI 1 \"\" \"EnvMesh " ENVMESH_VERSION "\"\n"
        ".SH NAME\nenvmesh\\-cli \\- keep environment variables in step on all machines\n"
        ".SH SYNOPSIS\n.B envmesh\\-cli\n[OPTIONS] COMMAND\n";
    out += description;
    out += ".SH OPTIONS\n";
    for (const Switch& one : program.switches)
        out += item(heading(one), one.help);
    out += ".SH COMMANDS\n";
    for (const Verb& verb : program.verbs)
        out += section(verb, "");
    out += surroundings + exit_statuses();
    context.out.raw(view(out));
    return 0;
}

} // namespace envmesh::cli
