// SPDX-License-Identifier: MIT
#include "cli/output.h"

#include "core/base/clock.h"
#include "platform/terminal.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace envmesh::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Object& object);

Json to_json(const std::vector<Object>& objects) {
    Json all = Json::array();
    for (const Object& object : objects)
        all.push_back(to_json(object));
    return all;
}

template <class T>
Json to_json(const T& value) {
    return value;
}

Json to_json(const Object& object) {
    Json out = Json::object();
    for (const Field& field : object)
        out[field.name] = std::visit([](const auto& value) { return to_json(value); }, field.value);
    return out;
}

// Names can be any bytes that another device chose; values that are not text are in base64 already.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::size_t width(std::string_view utf8) {
    const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; };
    return static_cast<std::size_t>(std::ranges::count_if(utf8, starts));
}

void to_stderr(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

} // namespace

Field value_field(const Secret& value) {
    if (is_utf8(value.reveal())) return {"value", std::string(value.reveal_text())};
    return {"value_b64", base64(value.reveal())};
}

FieldValue time_or_null(const std::optional<std::int64_t>& wall_ms) {
    if (!wall_ms) return nullptr;
    return rfc3339(*wall_ms);
}

std::string json_text(const Object& object) {
    std::string line = dump(to_json(object));
    line.pop_back();
    return line;
}

std::string json_string(std::string_view text) { return Json(text).dump(-1, ' ', true); }

namespace {

// Characters without a shape that hide others or turn their order (Unicode Cf, Zl, Zp): each takes
// three bytes.
bool is_deceiving(std::string_view three) {
    const auto in = [&](std::string_view first, std::string_view last) {
        return three >= first && three <= last;
    };
    return in("\u200b", "\u200f") || in("\u2028", "\u202e") || in("\u2060", "\u206f") ||
           in("\ufeff", "\ufeff");
}

} // namespace

std::string printable(std::string_view text) {
    const bool utf8 = is_utf8(view(text));
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (utf8 && is_deceiving(text.substr(i, 3))) {
            for (const std::size_t end = i + 3; i < end; ++i)
                out += "\\x" + hex(view(text.substr(i, 1)));
            --i;
            continue;
        }
        const auto byte = static_cast<std::uint8_t>(text[i]);
        const bool control = byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8);
        const bool c1 = utf8 && byte == 0xc2 && static_cast<std::uint8_t>(text[i + 1]) < 0xa0;
        if (control)
            out += "\\x" + hex(View(&byte, 1));
        else if (c1)
            out += "\\x" + hex(view(text.substr(++i, 1)));
        else
            out += text[i];
    }
    return out;
}

Output::Output(Options options) : options_(options) {
    const bool error_terminal = platform::is_terminal(platform::Stream::error);
    const char* given = std::getenv("NO_COLOR"); // no-color.org: when it is not empty
    const bool no_colour = given != nullptr && *given != '\0';
    const auto wanted = [&](bool terminal) {
        if (options_.colour == Colour::automatic) return terminal && !no_colour;
        return options_.colour == Colour::always;
    };
    colour_error_ = wanted(error_terminal);
    colour_out_ = wanted(platform::is_terminal(platform::Stream::output));
    audience_ = error_terminal && !options_.quiet && !options_.json;
    std::setvbuf(stdout, nullptr, _IONBF, 0); // one write each, whole
}

void Output::raw(View bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) failed_ = true;
}

void Output::line(std::string_view text) {
    const std::string whole = std::string(text) + '\n';
    raw(view(whole));
}

std::string Output::tinted(std::string_view text, Tint tint) const {
    constexpr std::array codes{"32", "33", "31"};
    return paint(text, codes.at(static_cast<std::size_t>(tint)), colour_out_);
}

void Output::object(const Object& object) { raw(view(dump(to_json(object)))); }

void Output::array(const std::vector<Object>& objects) { raw(view(dump(to_json(objects)))); }

void Output::table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> shown = rows;
    std::vector<std::size_t> widths;
    for (auto& row : shown) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = printable(row[i]);
            widths[i] = std::max(widths[i], width(row[i]));
        }
    }
    std::string out;
    for (const auto& row : shown) {
        std::string text;
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text.append(widths[i] - width(row[i]) + 2, ' ');
        }
        out += &row == &shown.front() ? paint(text, "1", colour_out_) : text;
        out += '\n';
    }
    raw(view(out));
}

void Output::note(std::string_view text) const {
    if (audience_) to_stderr("envmesh-cli: " + printable(text) + '\n');
}

void Output::progress(std::string_view text) const {
    if (audience_) to_stderr("\r\x1b[K" + printable(text));
}

void Output::error(const Error& error, int status) const {
    if (options_.json) {
        Json inner = {{"code", wire_name(error.code)},
                      {"exit", status},
                      {"message", error.message},
                      {"fix", error.fix}};
        return to_stderr(dump(Json{{"error", std::move(inner)}}));
    }
    std::string text =
        paint("envmesh-cli:", "31", colour_error_) + ' ' + printable(error.message) + '\n';
    if (!error.fix.empty()) text += "  fix: " + printable(error.fix) + '\n';
    to_stderr(text);
}

Result<> Output::finish() const {
    if (!failed_) return {};
    return fail(Code::storage, "Standard output could not be written.",
                "Check that the disk is not full and that the reader is still there.");
}

std::string Output::paint(std::string_view text, std::string_view code, bool on_terminal) const {
    if (!on_terminal) return std::string(text);
    return "\x1b[" + std::string(code) + 'm' + std::string(text) + "\x1b[0m";
}

} // namespace envmesh::cli
