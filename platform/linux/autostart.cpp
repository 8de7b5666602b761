// SPDX-License-Identifier: MIT
#include "platform/autostart.h"

#include "platform/files.h"
#include "platform/linux/autostart_places.h"
#include "platform/linux/descriptor.h"
#include "platform/paths.h"

#include <cstdlib>

#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr auto looking = std::chrono::seconds(5);
constexpr auto installing = std::chrono::seconds(60);
constexpr std::size_t most_bytes_of_a_file = 65'536;

Deadline in(std::chrono::seconds time) { return std::chrono::steady_clock::now() + time; }

// One of a time without a user manager gives way to the units.
Result<> replace_entry(const DesktopEntry& entry) {
    if (entry.origin() != Origin::ours) return {};
    if (auto stopped = entry.stop(in(looking)); !stopped) return stopped;
    const auto gone = entry.remove();
    return gone ? Result<>() : Result<>(std::unexpected(gone.error()));
}

} // namespace

Result<Placed> look_at(const std::filesystem::path& file) {
    Placed placed{file, {}, Origin::none};
    if (!platform::exists(file)) return placed;
    placed.origin = Origin::theirs;
    auto text = read_regular_file(file, most_bytes_of_a_file);
    if (!text && text.error().code == Code::invalid) return placed; // masked, or no text of ours
    if (!text) return std::unexpected(text.error());
    placed.text = text->reveal_text();
    placed.origin = origin_of(placed.text);
    return placed;
}

Result<> check(const Placed& before) {
    if (before.origin == Origin::none || before.origin == Origin::ours) return {};
    return fail(Code::denied,
                before.file.string() + (before.origin == Origin::changed
                                            ? " has been changed by hand: it is left alone."
                                            : " is not of envmesh-cli: it is left alone."),
                "Move it away, then again: envmesh-cli daemon install");
}

Result<bool> place(const Placed& before, const std::string& text) {
    if (auto checked = check(before); !checked) return std::unexpected(checked.error());
    if (before.text == text) return false;
    if (auto written = rewrite_file(before.file, view(text)); !written)
        return std::unexpected(written.error());
    return true;
}

Result<std::vector<std::filesystem::path>> take_away(const std::vector<Placed>& placed) {
    std::string left;
    std::vector<std::filesystem::path> removed;
    for (const Placed& one : placed) {
        std::error_code error;
        if (one.origin == Origin::changed) left += (left.empty() ? "" : " ") + one.file.string();
        if (one.origin != Origin::ours) continue;
        if (std::filesystem::remove(one.file, error)) removed.push_back(one.file);
        if (error) return system_failure(error.value(), "Cannot remove " + one.file.string());
        for (auto folder = one.file.parent_path();
             folder.filename() == "user" || folder.filename() == "systemd" ||
             folder.filename() == "autostart";
             folder = folder.parent_path())
            ::rmdir(folder.c_str()); // one with files stays
    }
    if (left.empty()) return removed;
    return fail(Code::denied, "What has been changed by hand is left alone: " + left + ".",
                "Remove it yourself: rm " + left);
}

Result<Autostart> autostart() {
    const auto possible = SystemdUnit::is_possible();
    if (!possible) return std::unexpected(possible.error());
    if (*possible) {
        auto unit = SystemdUnit::open(in(looking));
        if (!unit) return std::unexpected(unit.error());
        auto state = unit->state();
        if (!state || !state->kind.empty()) return state;
    }
    const auto entry = DesktopEntry::open();
    if (!entry) return std::unexpected(entry.error());
    return entry->state();
}

bool has_autostart() {
    const auto home = home_folders();
    if (!home) return false;
    const auto units = home->settings / "systemd/user"; // a package's unit: by the link to it
    return platform::exists(units / service_unit) ||
           platform::exists(units / "default.target.wants" / service_unit) ||
           platform::exists(home->settings / "autostart" / desktop_entry);
}

Result<> check_autostart(const std::filesystem::path& daemon) {
    if (std::getenv("ENVMESH_HOME") != nullptr)
        return fail(Code::conflict,
                    "ENVMESH_HOME is set here, and the service is that of your own folders.",
                    "Unset ENVMESH_HOME, or start envmesh-daemon there by other means.");
    if (!std::filesystem::is_regular_file(daemon) || ::access(daemon.c_str(), X_OK) != 0)
        return fail(Code::not_found, "There is no program at " + daemon.string() + ".",
                    "Install envmesh-daemon beside envmesh-cli.");
    const auto possible = SystemdUnit::is_possible();
    if (!possible) return std::unexpected(possible.error());
    const auto entry = DesktopEntry::open();
    if (!entry) return std::unexpected(entry.error());
    if (!*possible) return entry->check(daemon);
    const auto unit = SystemdUnit::open(in(looking));
    return unit ? unit->check(daemon) : Result<>(std::unexpected(unit.error()));
}

Result<Autostart> install_autostart(const std::filesystem::path& daemon) {
    if (auto checked = check_autostart(daemon); !checked) return std::unexpected(checked.error());
    const auto possible = SystemdUnit::is_possible();
    if (!possible) return std::unexpected(possible.error());
    const auto entry = DesktopEntry::open();
    if (!entry) return std::unexpected(entry.error());
    if (*possible) {
        const auto unit = SystemdUnit::open(in(installing));
        if (!unit) return std::unexpected(unit.error());
        if (auto gone = replace_entry(*entry); !gone) return std::unexpected(gone.error());
        if (auto done = unit->install(daemon); !done) return std::unexpected(done.error());
    } else if (auto done = entry->install(daemon, in(installing)); !done)
        return std::unexpected(done.error());
    return autostart();
}

Result<Uninstalled> uninstall_autostart(const std::function<void()>& stopped) {
    const auto possible = SystemdUnit::is_possible();
    if (!possible) return std::unexpected(possible.error());
    const auto entry = DesktopEntry::open();
    if (!entry) return std::unexpected(entry.error());
    if (!*possible) {
        if (auto done = entry->stop(in(installing)); !done) return std::unexpected(done.error());
        stopped();
        return entry->remove();
    }
    const auto unit = SystemdUnit::open(in(installing));
    if (!unit) return std::unexpected(unit.error());
    if (auto done = unit->stop(); !done) return std::unexpected(done.error());
    if (auto done = entry->stop(in(installing)); !done) return std::unexpected(done.error());
    stopped();
    auto gone = unit->remove();
    if (!gone) return gone;
    const auto entry_gone = entry->remove();
    if (!entry_gone) return entry_gone;
    gone->was_installed = gone->was_installed || entry_gone->was_installed;
    gone->removed.insert(gone->removed.end(), entry_gone->removed.begin(),
                         entry_gone->removed.end());
    return gone;
}

Result<Program> log_program(unsigned lines, LogEnd end) {
    const auto now = autostart();
    if (!now) return std::unexpected(now.error());
    const bool follows = end == LogEnd::follow;
    Program program{{}, plain_environment()};
    if (now->kind.empty())
        return fail(Code::not_found, "The service is not installed, so it has no log.",
                    "Install it: envmesh-cli daemon install");
    if (now->kind.starts_with("systemd")) {
        program.words = {"journalctl", "--user",    "-u", service_unit,
                         "-u",         socket_unit, "-n", std::to_string(lines)};
        if (follows) program.words.emplace_back("-f");
        return program;
    }
    const auto entry = DesktopEntry::open();
    if (!entry) return std::unexpected(entry.error());
    if (!platform::exists(entry->log()))
        return fail(Code::not_found, "There is no log yet: " + entry->log().string() + ".");
    program.words = {"tail", "-n", std::to_string(lines)};
    if (follows) program.words.emplace_back("-F");
    program.words.insert(program.words.end(), {"--", entry->log().string()});
    return program;
}

} // namespace envmesh::platform
