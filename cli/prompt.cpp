// SPDX-License-Identifier: MIT
#include "cli/prompt.h"

#include "platform/files.h"
#include "platform/terminal.h"

#include <charconv>
#include <cstdio>

namespace envmesh::cli {
namespace {

constexpr std::size_t most_line_bytes = 4096;

Result<Secret> no_terminal(Error error) {
    if (error.code != Code::unreachable) return std::unexpected(std::move(error));
    return fail(Code::usage, "A password is needed and there is no terminal to ask at.",
                "Give one with --password-file FILE.");
}

} // namespace

Result<Secret> password_from(const std::filesystem::path& file) {
    auto read = file == "-" ? platform::read_standard_input(most_line_bytes)
                            : platform::read_file(file, most_line_bytes);
    if (!read) return read;
    std::string_view text = read->reveal_text();
    if (text.ends_with('\n')) text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
    if (text.empty())
        return fail(Code::invalid, "The password in \"" + file.string() + "\" is empty.",
                    "Write the password into it.");
    return Secret(text);
}

Result<Secret> password(const std::filesystem::path& file, Ask ask) {
    if (!file.empty()) return password_from(file);
    if (ask == Ask::never)
        return fail(Code::usage, "With --json no password is asked for.",
                    "Give one with --password-file FILE.");
    auto first = platform::ask_hidden(ask == Ask::twice ? "New password: " : "Password: ");
    if (!first) return no_terminal(std::move(first.error()));
    if (first->empty()) return fail(Code::invalid, "The password is empty.", "Type at least one.");
    if (ask == Ask::once) return first;
    const auto second = platform::ask_hidden("The same again: ");
    if (!second) return std::unexpected(second.error());
    if (!(*first == *second)) return fail(Code::invalid, "The two passwords differ.", "Try again.");
    return first;
}

Result<Secret> read_line() {
    Secret line(most_line_bytes);
    std::size_t size = 0;
    int c = std::fgetc(stdin);
    if (c == EOF) return fail(Code::invalid, "Standard input ended before a line came.");
    for (; c != EOF && c != '\n'; c = std::fgetc(stdin)) {
        if (size == most_line_bytes)
            return fail(Code::invalid, "A line of standard input is longer than 4 KiB.");
        line.writable()[size++] = static_cast<std::uint8_t>(c);
    }
    if (size > 0 && line.reveal()[size - 1] == '\r') --size;
    return Secret(line.reveal().first(size));
}

Result<bool> confirm(const std::string& question) {
    while (true) {
        const auto answer = platform::ask(question + " [yes/no] ");
        if (!answer) return std::unexpected(answer.error());
        if (*answer == "yes" || *answer == "y") return true;
        if (*answer == "no" || *answer == "n") return false;
    }
}

Result<std::chrono::milliseconds> parse_duration(std::string_view option, std::string_view text) {
    std::uint32_t count = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit(end, text.data() + text.size());
    std::uint64_t factor = 0;
    if (unit == "ms") factor = 1;
    if (unit == "s" || unit.empty()) factor = 1000;
    if (unit == "m") factor = 60'000;
    if (unit == "h") factor = 3'600'000;
    const std::uint64_t total = count * factor;
    const bool is_number = ec == std::errc() || ec == std::errc::result_out_of_range;
    if (is_number && factor != 0 && (ec != std::errc() || total > 24 * 3'600'000))
        return fail(Code::usage, std::string(option) + " is longer than 24h.",
                    "24h is the longest that can be given.");
    if (ec != std::errc() || factor == 0)
        return fail(Code::usage, std::string(option) + " is given no duration.",
                    "Write it as 250ms, 10s, 5m or 1h, at most 24h.");
    return std::chrono::milliseconds(total);
}

} // namespace envmesh::cli
