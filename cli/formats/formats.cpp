// SPDX-License-Identifier: MIT
#include "cli/formats/formats.h"

#include "cli/formats/format.h"
#include "cli/script.h"

#include <algorithm>
#include <array>
#include <set>

namespace envmesh::cli::formats {
namespace {

enum class Carries { text, bytes }; // UTF-8, or anything

struct Row {
    std::string_view name;
    Carries carries;
    Writer* write;
    Reader* read;
};

constexpr std::array table{
    Row{"dotenv", Carries::text, write_dotenv, read_dotenv},
    Row{"docker", Carries::text, write_docker, nullptr},
    Row{"json", Carries::text, write_json, read_json},
    Row{"yaml", Carries::text, write_yaml, read_yaml},
    Row{"toml", Carries::text, write_toml, read_toml},
    Row{"systemd", Carries::text, write_systemd, nullptr},
    Row{"k8s", Carries::bytes, write_kubernetes, nullptr},
    Row{"github", Carries::text, write_github, nullptr},
    Row{"github-mask", Carries::text, write_github_mask, nullptr},
    Row{"gitlab", Carries::text, write_gitlab, nullptr},
    Row{"nul", Carries::bytes, write_nul, read_nul},
    Row{"csv", Carries::text, write_csv, nullptr},
    Row{"env", Carries::bytes, nullptr, read_nul},
};

constexpr std::size_t most_shown = 64;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

const Row* row_of(std::string_view format) {
    const auto* row = std::ranges::find(table, format, &Row::name);
    return row == table.end() ? nullptr : row;
}

std::unexpected<Error> unknown(std::string_view format) {
    return fail(Code::usage, "No format is called \"" + std::string(format) + "\".");
}

Result<> check_written(const Row& row, const Entry& entry) {
    const View value = entry.value.reveal();
    if (!is_variable_name(entry.key))
        return fail(Code::invalid, shown(entry.key) + " is no name of a variable.",
                    "Leave it out with --only.");
    if (std::ranges::find(value, 0) != value.end()) return cannot_carry(entry, "holds a NUL byte");
    if (row.carries == Carries::text && !is_utf8(value))
        return cannot_carry(entry, "is not UTF-8, which this format is");
    return {};
}

Result<> check_read(std::string_view origin, const Entry& entry, std::set<std::string_view>& seen) {
    const View value = entry.value.reveal();
    if (!seen.insert(entry.key).second)
        return fail(Code::invalid, std::string(origin) + " has " + shown(entry.key) + " twice.",
                    "Leave one of them.");
    if (std::ranges::find(value, 0) != value.end())
        return cannot_take(origin, entry.key, "holds a NUL byte");
    if (value.size() > api::most_value_bytes)
        return cannot_take(origin, entry.key,
                           "has more than " + std::to_string(api::most_value_bytes) + " bytes");
    return {};
}

std::size_t first_not_utf8(std::string_view text) {
    std::size_t good = 0; // whole lines: a line end is never inside a character
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', good)) {
        if (!is_utf8(view(text.substr(good, end - good)))) break;
        good = end + 1;
    }
    return good;
}

} // namespace

std::vector<std::string> written() {
    std::vector<std::string> names;
    for (const Row& row : table)
        if (row.write != nullptr) names.emplace_back(row.name);
    return names;
}

std::vector<std::string> readable() {
    std::vector<std::string> names;
    for (const Row& row : table)
        if (row.read != nullptr) names.emplace_back(row.name);
    return names;
}

std::optional<std::string> format_of(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    if (name == ".env" || name.starts_with(".env.") || name.ends_with(".env")) return "dotenv";
    if (name.ends_with(".json")) return "json";
    if (name.ends_with(".yaml") || name.ends_with(".yml")) return "yaml";
    if (name.ends_with(".toml")) return "toml";
    return std::nullopt;
}

std::string shown(std::string_view name) {
    const bool whole = name.size() <= most_shown;
    return '"' + std::string(name.substr(0, most_shown)) + (whole ? "\"" : "…\"");
}

Result<Secret> write(std::string_view format, std::span<const Entry> entries) {
    const Row* row = row_of(format);
    if (row == nullptr || row->write == nullptr) return unknown(format);
    std::size_t size = 1024;
    for (const Entry& entry : entries) {
        if (auto fits = check_written(*row, entry); !fits) return std::unexpected(fits.error());
        size += 2 * (entry.key.size() + entry.value.size());
    }
    std::string out;
    out.reserve(size);
    const auto done = row->write(out, entries);
    Secret bytes(out);
    wipe(out);
    if (!done) return std::unexpected(done.error());
    return bytes;
}

Result<Entries> read(std::string_view format, View bytes, std::string_view origin) {
    const Row* row = row_of(format);
    if (row == nullptr || row->read == nullptr) return unknown(format);
    std::string_view whole = text(bytes);
    if (row->carries == Carries::text) {
        if (whole.starts_with(byte_order_mark)) whole.remove_prefix(byte_order_mark.size());
        if (!is_utf8(view(whole)))
            return malformed(origin, line_at(whole, first_not_utf8(whole)), "This is not UTF-8.");
    }
    auto entries = row->read(whole, origin);
    if (!entries) return entries;
    std::set<std::string_view> seen;
    for (const Entry& entry : *entries)
        if (auto fits = check_read(origin, entry, seen); !fits)
            return std::unexpected(fits.error());
    return entries;
}

std::unexpected<Error> cannot_carry(const Entry& entry, std::string_view what) {
    return fail(Code::invalid,
                "The value of \"" + entry.key + "\" " + std::string(what) +
                    ", so it cannot be written.",
                "Leave it out with --only, or choose another format: k8s and nul carry any value.");
}

std::unexpected<Error> cannot_take(std::string_view origin, std::string_view key,
                                   std::string_view what) {
    return fail(Code::invalid,
                "The value of " + shown(key) + " in " + std::string(origin) + ' ' +
                    std::string(what) + '.',
                "Write it as a text, or take the variable out of the file.");
}

std::unexpected<Error> malformed(std::string_view origin, std::size_t line, std::string_view what) {
    return fail(Code::invalid,
                std::string(origin) + ':' + std::to_string(line) + ": " + std::string(what),
                "Correct the line, or name the file's format with --format.");
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

} // namespace envmesh::cli::formats
