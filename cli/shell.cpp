// SPDX-License-Identifier: MIT
#include "cli/shell.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_name_bytes = 255;

// Not isalpha: that depends on the locale.
constexpr bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_plain(char c) {
    return is_letter(c) || is_digit(c) || std::string_view("_./:=@%+,-").contains(c);
}

void append_single_quoted(std::string& out, std::string_view value) {
    out += '\'';
    for (const char c : value) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    out += '\'';
}

void append_ansi_c(std::string& out, std::string_view value) {
    out += "$'";
    for (const char c : value) {
        if (is_plain(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<std::uint8_t>(c);
        out += '\\';
        for (const unsigned shift : {6U, 3U, 0U})
            out += static_cast<char>('0' + ((byte >> shift) & 7U));
    }
    out += '\'';
}

} // namespace

std::optional<Shell> shell_named(std::string_view program) {
    if (const auto slash = program.rfind('/'); slash != std::string_view::npos)
        program.remove_prefix(slash + 1);
    if (program.starts_with('-')) program.remove_prefix(1); // a login shell
    for (const std::string_view known : {"bash", "zsh", "ksh", "ksh93", "mksh"})
        if (program == known) return Shell::ansi_c;
    for (const std::string_view known : {"sh", "dash", "ash"})
        if (program == known) return Shell::posix;
    return std::nullopt;
}

bool is_variable_name(std::string_view name) {
    if (name.empty() || name.size() > most_name_bytes || is_digit(name.front())) return false;
    return std::ranges::all_of(name,
                               [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

bool append_export(std::string& out, Shell shell, std::string_view name, View value) {
    if (!is_variable_name(name) || std::ranges::find(value, 0) != value.end()) return false;
    out.append("export ").append(name).append("=");
    if (shell == Shell::posix)
        append_single_quoted(out, text(value));
    else
        append_ansi_c(out, text(value));
    out += '\n';
    return true;
}

} // namespace envmesh::cli
