// SPDX-License-Identifier: MIT
// What is on the disk.
#include "cli/doctor/checks.h"

#include "core/config/config.h"
#include "platform/files.h"

#include <algorithm>

namespace envmesh::cli::diagnosis {
namespace {

using std::filesystem::path;

constexpr std::size_t most_configuration_bytes = 1024 * 1024; // more is told as unreadable
constexpr std::uintmax_t mebibyte = 1024 * 1024;
constexpr std::uintmax_t too_little = 16 * mebibyte;
constexpr std::uintmax_t little = 256 * mebibyte;

Finding about_folder(const path& folder) {
    const auto access = platform::access_of(folder);
    if (!access)
        return {"folders",
                State::fault,
                "a folder of EnvMesh cannot be looked at",
                {folder.string()},
                "ls -ld " + word(folder)};
    if (!access->is_own)
        return {"folders",
                State::fault,
                "a folder of EnvMesh belongs to another user",
                {folder.string()},
                "sudo chown -R \"$(id -un)\" " + word(folder)};
    if (access->is_open)
        return {"folders",
                State::fault,
                "a folder of EnvMesh is open to other users",
                {folder.string()},
                "chmod 700 " + word(folder)};
    return {"folders", State::ok, "folders are this user's and closed to others"};
}

path nearest_existing(path folder) {
    while (!platform::exists(folder) && folder.has_relative_path())
        folder = folder.parent_path();
    return folder;
}

} // namespace

Findings folders(const Facts& facts) {
    std::vector<path> all;
    if (facts.paths) all.push_back(facts.paths->data);
    if (!facts.socket.empty() && !has(all, facts.socket.parent_path()))
        all.push_back(facts.socket.parent_path());
    Findings found;
    for (const path& folder : all) {
        if (!platform::exists(folder)) continue; // the daemon makes it
        const Finding one = about_folder(folder);
        if (found.empty() || one.state != State::ok) found.push_back(one);
    }
    if (found.size() > 1 && found.front().state == State::ok) found.erase(found.begin());
    return found;
}

Findings configuration(const Facts& facts) {
    if (!facts.paths) return {};
    const auto& candidates = facts.paths->config_candidates;
    const auto file = std::ranges::find_if(candidates, platform::exists);
    if (file == candidates.end())
        return {{"configuration", State::ok, "there is no file, so all has its default"}};
    const auto text = platform::read_file(*file, most_configuration_bytes);
    if (!text)
        return {{"configuration",
                 State::fault,
                 "the file cannot be read",
                 {text.error().message},
                 "chmod u+r " + word(*file)}};
    const auto access = platform::access_of(*file);
    if (access && access->is_changeable)
        return {{"configuration",
                 State::fault,
                 "other users can change the file",
                 {file->string()},
                 "chmod go-w " + word(*file)}};
    if (auto parsed = config::parse(text->reveal_text(), file->string()); !parsed)
        return {{"configuration",
                 State::fault,
                 "the file has a mistake",
                 {parsed.error().message},
                 "Mend it, then: envmesh-cli config check"}};
    return {{"configuration", State::ok, "the file is fine", {file->string()}}};
}

Findings disk(const Facts& facts) {
    if (!facts.paths) return {};
    const path folder = nearest_existing(facts.paths->data);
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    if (error) return {};
    Finding found{"disk", State::ok, std::to_string(space.available / mebibyte) + " MiB are free"};
    if (space.available >= little) return {found};
    found.state = space.available < too_little ? State::fault : State::warning;
    found.about = {folder.string()};
    found.fix = "Delete what is not needed there: df -h " + word(folder);
    return {found};
}

} // namespace envmesh::cli::diagnosis
