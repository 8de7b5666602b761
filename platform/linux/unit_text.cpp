// SPDX-License-Identifier: MIT
#include "platform/linux/unit_text.h"

#include "core/base/bytes.h"

#include <algorithm>
#include <cstdint>

namespace envmesh::platform {
namespace {

constexpr std::string_view placeholder = "/usr/bin/envmesh-daemon"; // in the templates
constexpr std::string_view mark = "# Written by envmesh-cli (";
constexpr std::string_view after_mark = "), which replaces it while nobody has changed it.\n";
constexpr std::size_t checksum_digits = 16;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// FNV-1a: it tells a person's change, not an enemy's.
std::string checksum(std::string_view text) {
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const std::uint8_t byte : view(text))
        sum = (sum ^ byte) * 0x100000001b3;
    Block<8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::uint8_t>(sum >> (56 - 8 * i));
    return hex(bytes);
}

std::string marked(std::string_view text) {
    return std::string(mark) + checksum(text) + std::string(after_mark) + std::string(text);
}

Result<std::string> speakable(const std::filesystem::path& program, std::string_view never,
                              const std::string& who) {
    const std::string& text = program.native();
    const bool is_bad = !program.is_absolute() || !is_utf8(view(text)) ||
                        std::ranges::any_of(text, is_control) ||
                        text.find_first_of(never) != std::string::npos;
    if (!is_bad) return text;
    return fail(Code::invalid, who + " cannot start a program at " + text + ".",
                "Install envmesh-daemon in a folder with a plain name.");
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

// systemd.syntax(7), systemd.unit(5): quotes keep spaces together, % begins a specifier also in
// them. The colon before it in the template keeps $ as it is.
std::string word_for_systemd(std::string text) {
    replace_all(text, "%", "%%");
    return text.contains(' ') ? '"' + text + '"' : text;
}

// Desktop Entry specification 1.5: "The Exec key" within a "string".
std::string word_for_desktop(const std::string& text) {
    const std::string_view reserved = " \"'\\><~|&;$*?#()`";
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '`' || c == '$' || c == '\\') out += "\\\\"; // one, as a string
        if (c == '%') out += '%';
        out += c == '\\' ? "\\\\" : std::string(1, c);
    }
    return text.find_first_of(reserved) == std::string::npos ? out : '"' + out + '"';
}

// The text of the line that begins so; none is an empty one.
std::string_view value_of(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.starts_with(key)) return line.substr(key.size());
    }
    return {};
}

// What the two ways of quoting have in common: quotes, a backslash before what is meant as it is.
std::string first_word(std::string_view text) {
    std::string out;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && i + 1 < text.size())
            out += text[++i];
        else if (quote != 0 && c == quote)
            quote = 0;
        else if (quote == 0 && (c == '"' || c == '\''))
            quote = c;
        else if (quote == 0 && c == ' ')
            break;
        else
            out += c;
    }
    replace_all(out, "%%", "%");
    return out;
}

} // namespace

Result<std::string> service_text(const std::filesystem::path& program) {
    auto path = speakable(program, "\"'\\", "systemd"); // refuses these however they are quoted
    if (!path) return path;
    std::string text(service_template);
    replace_all(text, placeholder, word_for_systemd(std::move(*path)));
    return marked(text);
}

std::string socket_text() { return marked(socket_template); }

Result<std::string> desktop_text(const std::filesystem::path& program) {
    const auto path = speakable(program, "=", "An entry of XDG autostart");
    if (!path) return path;
    std::string text(desktop_template);
    replace_all(text, placeholder, word_for_desktop(*path));
    return marked(text);
}

Origin origin_of(std::string_view text) {
    if (!text.starts_with(mark)) return Origin::theirs;
    const auto end = text.find('\n');
    const auto rest = end == std::string_view::npos ? "" : text.substr(end + 1);
    return text.substr(mark.size(), checksum_digits) == checksum(rest) ? Origin::ours
                                                                       : Origin::changed;
}

std::filesystem::path program_of(std::string_view text) {
    std::string_view line = value_of(text, "ExecStart=");
    line.remove_prefix(std::min(line.find_first_not_of("@-:+! \t"), line.size()));
    if (!line.empty()) return first_word(line);
    std::string unescaped(value_of(text, "Exec="));
    replace_all(unescaped, "\\\\", "\\");
    return first_word(unescaped);
}

std::vector<Properties> properties_of(std::string_view shown) {
    std::vector<Properties> out;
    bool is_between = true; // an empty line is
    while (!shown.empty()) {
        const auto line = shown.substr(0, shown.find('\n'));
        shown.remove_prefix(std::min(line.size() + 1, shown.size()));
        if (!line.empty() && is_between) out.emplace_back();
        is_between = line.empty();
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        out.back().try_emplace(std::string(line.substr(0, equals)), line.substr(equals + 1));
    }
    return out;
}

} // namespace envmesh::platform
