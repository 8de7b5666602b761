// SPDX-License-Identifier: MIT
#include "cli/script.h"

#include "cli/output.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_name_bytes = 255;
constexpr std::size_t first_reserve = 64 * 1024;

// Not isalpha: that depends on the locale.
constexpr bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_plain(char c) {
    return is_letter(c) || is_digit(c) || std::string_view("_./:=@%+,-").contains(c);
}

// What means nothing to cmd between double quotes, whatever its settings.
bool is_safe_in_cmd(char c) { return (is_plain(c) && c != '%') || c == ' ' || c == '\\'; }

// Each `special` character becomes `instead`; everything else stays.
std::string single_quoted(std::string_view value, std::string_view special,
                          std::string_view (*instead)(char)) {
    std::string out = "'";
    for (const char c : value) {
        if (special.contains(c))
            out += instead(c);
        else
            out += c;
    }
    return out += '\'';
}

// Pure ASCII, whatever the bytes: `\047` in octal, `\x27` in hexadecimal digits.
std::string escaped_octal(std::string_view value) {
    std::string out;
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
    return out;
}

std::string escaped_hex(std::string_view value) {
    std::string out;
    for (const char& c : value) {
        if (is_plain(c))
            out += c;
        else
            out += "\\x" + hex(view({&c, 1}));
    }
    return out;
}

// PowerShell also ends a literal at four typographic quotes, and a pipe hands it over by lines.
std::string powershell(std::string_view value) {
    const auto is_literal = [](char c) { return is_printable(c) && c != '\''; };
    if (std::ranges::all_of(value, is_literal)) return "'" + std::string(value) + "'";
    return "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('" + base64(view(value)) +
           "'))";
}

// nu wants a list where other shells want colons.
std::string nu_path(std::string_view value) {
    std::string out = "[";
    for (;;) {
        const auto colon = value.find(':');
        out += json_string(value.substr(0, colon));
        if (colon == std::string_view::npos) return out += ']';
        out += ", ";
        value.remove_prefix(colon + 1);
    }
}

// A failing export or unset of a name that the shell has made read-only ends all that follows: they
// are special commands, which `command` makes ordinary ones. In zsh it does not, nor do all its
// options know `always`; there a number or a list fails the same way, and a number is evaluated.
std::string if_ours_to_set(std::string_view name) {
    return "case ${(t)" + std::string(name) + "-} in *readonly*|[aif]*);; *) ";
}

} // namespace

bool is_variable_name(std::string_view name) {
    if (name.empty() || name.size() > most_name_bytes || is_digit(name.front())) return false;
    return std::ranges::all_of(name,
                               [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string_view why_not(Dialect dialect, std::string_view name, View value) {
    if (!is_variable_name(name) || std::ranges::find(value, 0) != value.end())
        return "no shell can carry this name or value";
    const bool is_text = dialect == Dialect::nu || dialect == Dialect::powershell;
    if (is_text && !is_utf8(value)) return "this shell carries text only, and it is not UTF-8";
    constexpr std::size_t most_in_cmd = 8'191 - sizeof "set \"=\""; // of a line
    if (dialect == Dialect::cmd && name.size() + value.size() > most_in_cmd)
        return "cmd takes no line that long; use: envmesh-cli run -- COMMAND";
    if (dialect == Dialect::cmd &&
        (value.empty() || !std::ranges::all_of(text(value), is_safe_in_cmd)))
        return "cmd cannot take this value safely; use: envmesh-cli run -- COMMAND";
    return {};
}

std::string quoted(Dialect dialect, std::string_view text) {
    switch (dialect) {
    case Dialect::posix:
        return single_quoted(text, "'", [](char) -> std::string_view { return "'\\''"; });
    case Dialect::ansi_c:
    case Dialect::zsh: return "$'" + escaped_octal(text) + "'";
    case Dialect::fish:
        return single_quoted(text, "'\\",
                             [](char c) -> std::string_view { return c == '\'' ? "\\'" : "\\\\"; });
    case Dialect::powershell: return powershell(text);
    case Dialect::nu: return json_string(text);
    case Dialect::elvish: return "\"" + escaped_hex(text) + "\"";
    case Dialect::xonsh: // bytes, decoded as Python itself decodes the environment
        return "__import__('os').fsdecode(b'" + escaped_hex(text) + "')";
    case Dialect::tmux: return "\"" + escaped_octal(text) + "\"";
    case Dialect::cmd: break;
    }
    return std::string(text);
}

Script::Script(Dialect dialect) : dialect_(dialect) { text_.reserve(first_reserve); }

Script::~Script() { wipe(text_); }

bool Script::set(std::string_view name, View value) {
    if (!why_not(dialect_, name, value).empty()) return false;
    std::string constant = dialect_ == Dialect::nu && name == "PATH"
                               ? nu_path(text(value))
                               : quoted(dialect_, text(value));
    const auto write = [&](std::string_view before, std::string_view between,
                           std::string_view after = {}) {
        text_.append(before).append(name).append(between).append(constant).append(after) += '\n';
    };
    switch (dialect_) {
    case Dialect::posix: write("\\export ", "="); break; // not an alias of that name
    case Dialect::ansi_c: write("\\command export ", "="); break;
    case Dialect::zsh:
        text_ += if_ours_to_set(name);
        write("\\export ", "=", ";; esac");
        break;
    case Dialect::fish: write("set -gx ", " "); break;
    case Dialect::powershell: write("${env:", "}="); break;
    case Dialect::nu: member(name, constant); break;
    case Dialect::elvish: write("set-env ", " "); break;
    case Dialect::xonsh:
        if (name != "PATH") names_.append(1, ' ').append(name); // its own PATH has to stay a list
        write("$", " = ");
        break;
    case Dialect::cmd: write("set \"", "=", "\""); break;
    case Dialect::tmux: write("set-environment -g ", " "); break;
    }
    wipe(constant);
    return true;
}

void Script::unset(std::string_view name) {
    const auto write = [&](std::string_view before, std::string_view after = {}) {
        text_.append(before).append(name).append(after) += '\n';
    };
    switch (dialect_) {
    case Dialect::posix: return write("\\unset -v '", "'"); // NAME may be a global alias in zsh
    case Dialect::ansi_c: return write("\\command unset -v '", "'");
    case Dialect::zsh: text_ += if_ours_to_set(name); return write("\\unset -v '", "';; esac");
    case Dialect::fish: return write("set -eg ");
    case Dialect::powershell: return write("${env:", "}=$null");
    case Dialect::nu: return member(name, "null");
    case Dialect::elvish: return write("unset-env ");
    case Dialect::xonsh: return write("__xonsh__.env.pop('", "', None)");
    case Dialect::cmd: return write("set \"", "=\"");
    case Dialect::tmux: return write("set-environment -gu ");
    }
}

// xonsh makes numbers, lists and more of names that it knows, and expands ~ and $ in some; as text
// they stay what they are. A name that it does not know is left so: once registered it would never
// count as missing. One line for all, since xonsh takes long to read one.
std::string_view Script::finish() {
    if (!names_.empty())
        text_.insert(0, "[e.register(n, type='str') for e in [__xonsh__.env] for n in '" +
                            names_.substr(1) + "'.split() if e.get_validator(n, e) is not e]\n");
    names_.clear();
    if (dialect_ == Dialect::nu) text_ += text_.empty() ? "{}\n" : "\n}\n";
    return text_;
}

// nu reads one object, and fails when there is none.
void Script::member(std::string_view name, std::string_view json) {
    text_.append(text_.empty() ? "{\n" : ",\n").append(json_string(name)).append(": ").append(json);
}

} // namespace envmesh::cli
