// SPDX-License-Identifier: MIT
#include "platform/linux/environment_file.h"

#include "platform/files.h"
#include "platform/linux/descriptor.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <sys/stat.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::size_t most_bytes = 131'071; // of "NAME=value": Linux's MAX_ARG_STRLEN, less a NUL

// systemd's utf8_is_valid refuses them. Its generator ends with a crash over one, and then none of
// the person's own files counts either.
bool has_noncharacter(std::string_view text) {
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[i + at]); };
        if (byte(0) == 0xef && byte(1) == 0xb7 && byte(2) >= 0x90 && byte(2) <= 0xaf) return true;
        // U+xFFFE and U+xFFFF: the last 12 bits and the 4 before them are all set but for one.
        if (byte(0) == 0xef && byte(1) == 0xbf && byte(2) >= 0xbe) return true;
        if (i + 3 < text.size() && byte(0) >= 0xf0 && (byte(1) & 0x0fU) == 0x0f &&
            byte(2) == 0xbf && byte(3) >= 0xbe)
            return true;
    }
    return false;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

std::string fix_for_link(const std::filesystem::path& link) {
    return "Move it away: " + link.string();
}

} // namespace

std::optional<std::string> refused_everywhere(const std::string& name, std::string_view value) {
    if (!is_utf8(view(value))) return "programs of the desktop can be given UTF-8 text only";
    if (value.find('\0') != std::string_view::npos) return "no variable can have a NUL";
    if (name.size() + 1 + value.size() > most_bytes)
        return "with its name it is longer than 131,071 bytes, and no program could be started";
    return std::nullopt;
}

std::optional<std::string> refused_by_manager(std::string_view value) {
    if (has_noncharacter(value))
        return "systemd does not take Unicode's noncharacters, such as U+FFFE";
    return std::nullopt;
}

// The generator writes control characters as `\n` or `\001`, and the manager keeps that as it is.
std::optional<std::string> refused_by_file(std::string_view value) {
    if (value.empty()) return "environment.d cannot carry an empty value";
    if (std::ranges::any_of(value, is_control))
        return "environment.d cannot carry a line end, a tab or another control character";
    if (has_noncharacter(value))
        return "environment.d cannot carry Unicode's noncharacters, such as U+FFFE";
    return std::nullopt;
}

std::string environment_line(std::string_view name, std::string_view value) {
    std::string line(name);
    line += "=\"";
    for (const char c : value) {
        if (c == '\\' || c == '"' || c == '`') line += '\\';
        if (c == '$') line += '$';
        line += c;
    }
    return line += "\"\n";
}

bool EnvironmentFile::is_linked() const {
    std::error_code error;
    return std::filesystem::read_symlink(link_, error) == contents_ && !error;
}

Result<> EnvironmentFile::write(const Values& values) const {
    if (values.empty()) {
        remove();
        if (!is_linked()) return {};
        return fail(Code::denied, "Cannot remove " + link_.string() + ".",
                    "Remove it yourself: rm " + link_.string());
    }
    std::string text;
    for (const auto& [name, value] : values)
        text += environment_line(name, value.reveal_text());
    auto done = replace_file(contents_, view(text), Replacing::fleetingly);
    wipe(text);
    if (done) done = make_link();
    if (!done) remove();
    return done;
}

Result<> EnvironmentFile::make_link() const {
    struct stat info{};
    if (::lstat(link_.c_str(), &info) == 0) {
        if (is_linked()) return {};
        std::error_code error;
        const bool is_left_over =
            S_ISLNK(info.st_mode) && ::access(link_.c_str(), F_OK) != 0 &&
            std::filesystem::read_symlink(link_, error).filename() == contents_.filename();
        if (!is_left_over)
            return fail(Code::conflict, "There is a file that is not ours: " + link_.string() + ".",
                        fix_for_link(link_));
        ::unlink(link_.c_str());
    }
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) return system_failure(error.value(), "Cannot create the folder " + folder_.string());
    if (::symlink(contents_.c_str(), link_.c_str()) != 0)
        return system_failure(errno, "Cannot create the link " + link_.string());
    return {};
}

void EnvironmentFile::remove() const {
    if (is_linked()) ::unlink(link_.c_str());
    ::unlink(contents_.c_str());
}

} // namespace envmesh::platform
