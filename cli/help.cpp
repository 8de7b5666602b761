// SPDX-License-Identifier: MIT
#include "cli/help.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t widest_heading = 22; // else what it means stands on the next line

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

struct Row {
    std::string heading, help;
};

std::string two_columns(const std::vector<Row>& rows) {
    std::size_t width = 0;
    for (const Row& row : rows)
        if (row.heading.size() <= widest_heading) width = std::max(width, row.heading.size());
    std::string out;
    for (const auto& [heading, help] : rows) {
        const bool fits = heading.size() <= width;
        out += "  " + padded(heading, width) + (fits ? "" : "\n  " + std::string(width, ' '));
        out += "  " + help + '\n';
    }
    return out;
}

// Two verbs a line, downwards first.
std::string verbs_in_pairs(const std::vector<Verb>& verbs) {
    std::size_t width = 0;
    for (const Verb& verb : verbs)
        width = std::max(width, verb.name.size());
    const auto cell = [&](const Verb& verb) { return padded(verb.name, width) + "  " + verb.help; };
    const std::size_t half = (verbs.size() + 1) / 2;
    std::string out;
    for (std::size_t i = 0; i < half; ++i) {
        out += i + half < verbs.size()
                   ? "  " + padded(cell(verbs[i]), columns / 2 - 2) + cell(verbs[i + half])
                   : "  " + cell(verbs[i]);
        out += '\n';
    }
    return out;
}

std::string wrapped(const std::vector<std::string>& words, std::string line) {
    std::string out;
    const std::size_t indent = line.size();
    for (const std::string& word : words) {
        if (line.size() + 2 + word.size() > columns) {
            out += line + '\n';
            line.assign(indent, ' ');
        }
        line += "  " + word;
    }
    return out + line + '\n';
}

std::string help_of_program(const Verb& program) {
    std::vector<std::string> headings;
    for (const Switch& one : program.switches)
        headings.push_back(heading(one));
    return program.help + "\nUsage: " + program.name + " [OPTIONS] COMMAND\n\n" +
           verbs_in_pairs(program.verbs) + '\n' + wrapped(headings, "Options:") +
           "'COMMAND --help' and 'man envmesh-cli' tell more.\n";
}

} // namespace

std::string heading(const Switch& one) {
    std::string out;
    for (const std::string& name : one.names)
        out += (out.empty() ? "" : ", ") + name;
    return one.value.empty() ? out : out + ' ' + one.value;
}

std::string usage(const Verb& verb) {
    std::string out = verb.name + " [OPTIONS]";
    for (const Argument& one : verb.arguments) {
        const std::string shown = one.name.contains('|') ? "SHELL" : one.name;
        out += ' ' + (one.required ? shown : '[' + shown + ']') + (one.repeats ? "..." : "");
    }
    return verb.verbs.empty() ? out : out + (verb.arguments.empty() ? " COMMAND" : " | COMMAND");
}

std::string help(const Verb& verb, const std::string& path) {
    const auto space = path.rfind(' ');
    if (space == std::string::npos) return help_of_program(verb);
    std::string out = verb.help + "\nUsage: " + path.substr(0, space + 1) + usage(verb) + "\n\n";
    std::vector<Row> rows;
    for (const Verb& each : verb.verbs)
        rows.push_back({each.name, each.help});
    for (const Argument& one : verb.arguments)
        rows.push_back({one.name, one.help});
    for (const Switch& one : verb.switches)
        rows.push_back({heading(one), one.help});
    out += two_columns(rows);
    if (verb.more.empty()) return out;
    out += "\nExamples:\n  ";
    for (const char c : verb.more)
        out += c == '\n' ? "\n  " : std::string(1, c);
    return out + '\n';
}

} // namespace envmesh::cli
