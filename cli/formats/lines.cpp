// SPDX-License-Identifier: MIT
// Formats of one assignment after the other: docker, systemd, GitHub, GitLab, NUL.
#include "cli/formats/format.h"

#include <algorithm>
#include <random>

namespace envmesh::cli::formats {
namespace {

constexpr std::size_t most_docker_line = 64 * 1024 - 1; // bufio.MaxScanTokenSize, its end included
constexpr std::string_view ascii_spaces = " \t\n\v\f\r";

void append_assignment(std::string& out, const Entry& entry, char end) {
    out.append(entry.key).append("=").append(entry.value.reveal_text()) += end;
}

// systemd takes Unicode scalar values but noncharacters and the byte order mark.
bool has_noncharacter(std::string_view utf8) {
    for (; !utf8.empty(); utf8.remove_prefix(1)) {
        if (utf8.starts_with("\xef\xbb\xbf")) return true;
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(utf8[at]); };
        if (utf8.starts_with("\xef\xb7") && byte(2) >= 0x90 && byte(2) <= 0xaf) return true;
        const bool is_last_row = utf8.starts_with("\xef\xbf") ||
                                 (byte(0) >= 0xf0 && (byte(1) & 0x0fU) == 0x0f && byte(2) == 0xbf);
        const std::size_t last = byte(0) >= 0xf0 ? 3 : 2;
        if (is_last_row && byte(last) >= 0xbe) return true;
    }
    return false;
}

// Nothing that a value holds, and nothing that it could be made to hold.
std::string delimiter() {
    std::random_device random;
    std::string out = "envmesh_";
    for (int i = 0; i < 4; ++i) {
        const std::uint32_t part = random();
        out += hex(View(reinterpret_cast<const std::uint8_t*>(&part), sizeof part));
    }
    return out;
}

} // namespace

// The reader has no quotes and no escapes: the rest of the line is the value, less one carriage
// return at its end.
Result<> write_docker(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        const std::string_view value = entry.value.reveal_text();
        if (value.contains('\n') || value.ends_with('\r'))
            return cannot_carry(entry, "has a line break, and a line is all that docker reads");
        if (entry.key.size() + 1 + value.size() > most_docker_line)
            return cannot_carry(entry, "is longer than the 64 KiB of a line that docker reads");
        append_assignment(out, entry, '\n');
    }
    return {};
}

// systemd.exec(5), EnvironmentFile=: in double quotes these four are escaped, as in a shell.
Result<> write_systemd(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        const std::string_view value = entry.value.reveal_text();
        if (has_noncharacter(value))
            return cannot_carry(entry, "has a character that systemd does not read");
        out.append(entry.key).append("=\"");
        for (const char c : value) {
            if (std::string_view("\"\\`$").contains(c)) out += '\\';
            out += c;
        }
        out += "\"\n";
    }
    return {};
}

Result<> write_github(std::string& out, std::span<const Entry> entries) {
    const auto is_in_a_value = [&](const std::string& text) {
        return std::ranges::any_of(
            entries, [&](const Entry& entry) { return entry.value.reveal_text().contains(text); });
    };
    std::string end = delimiter();
    while (is_in_a_value(end))
        end = delimiter();
    for (const Entry& entry : entries) {
        const std::string_view value = entry.value.reveal_text();
        if (value.ends_with('\r')) // a runner on Windows takes it for a part of the line end
            return cannot_carry(entry, "ends with a carriage return, which a runner may drop");
        out.append(entry.key).append("<<").append(end).append("\n");
        out.append(value).append("\n").append(end).append("\n");
    }
    return {};
}

// The runner hides each line of a value, and reports a mask of nothing but white space as a fault.
Result<> write_github_mask(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        const std::string_view value = entry.value.reveal_text();
        if (value.find_first_not_of(ascii_spaces) == std::string_view::npos) continue;
        out += "::add-mask::";
        for (const char c : value) {
            if (c == '%' || c == '\r' || c == '\n')
                out += c == '%' ? "%25" : c == '\r' ? "%0D" : "%0A";
            else
                out += c;
        }
        out += '\n';
    }
    return {};
}

// The reader strips each value and has no quotes.
Result<> write_gitlab(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        const std::string_view value = entry.value.reveal_text();
        if (value.find_first_of("\r\n") != std::string_view::npos)
            return cannot_carry(entry,
                                "has a line break, which GitLab's dotenv has no way to write");
        if (!value.empty() &&
            (ascii_spaces.contains(value.front()) || ascii_spaces.contains(value.back())))
            return cannot_carry(entry, "begins or ends with white space, which GitLab strips");
        append_assignment(out, entry, '\n');
    }
    return {};
}

Result<> write_nul(std::string& out, std::span<const Entry> entries) {
    for (const Entry& entry : entries)
        append_assignment(out, entry, '\0');
    return {};
}

Result<Entries> read_nul(std::string_view text, std::string_view origin) {
    Entries entries;
    while (!text.empty()) {
        const auto end = text.find('\0');
        const std::string_view assignment = text.substr(0, end);
        const auto equals = assignment.find('=');
        if (end == std::string_view::npos || equals == std::string_view::npos)
            return fail(Code::invalid,
                        std::string(origin) + " is not as 'env -0' prints: assignment " +
                            std::to_string(entries.size() + 1) +
                            " has no equals sign, or no NUL at its end.",
                        "Write it with 'env -0', or name its format with --format.");
        entries.push_back(
            {std::string(assignment.substr(0, equals)), Secret(assignment.substr(equals + 1))});
        text.remove_prefix(end + 1);
    }
    return entries;
}

} // namespace envmesh::cli::formats
