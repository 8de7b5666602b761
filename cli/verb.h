// SPDX-License-Identifier: MIT
// The grammar as help, manual and completions need it: read from the parser, so that none of them
// can say something else than what is understood.
#pragma once

#include <string>
#include <vector>

namespace envmesh::cli {

struct Argument {
    std::string name; // what it stands for: KEY, FILE, PROFILE, or its words: "bash|zsh"
    std::string help;
    bool required = false;
    bool repeats = false;
};

struct Switch {
    std::vector<std::string> names; // with their dashes, the short one first
    std::string value;              // as an argument's name; empty: nothing follows it
    std::string help;
};

struct Verb {
    std::string name, help;
    std::string more; // examples and explanations, some lines
    std::vector<Argument> arguments;
    std::vector<Switch> switches;
    std::vector<Verb> verbs; // below it
};

/// "bash|zsh": the words that can stand there; none when it is not a choice.
std::vector<std::string> choices(const std::string& name);

} // namespace envmesh::cli
