// SPDX-License-Identifier: MIT
// The units of the user manager, spoken to through systemctl: its own protocol is D-Bus, which the
// command line shall not link.
#include "platform/linux/autostart_places.h"
#include "platform/linux/descriptor.h"

#include "platform/files.h"
#include "platform/paths.h"
#include "platform/process.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace envmesh::platform {
namespace {

constexpr std::size_t most_output = 65'536;
constexpr auto asked_properties =
    "Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,MainPID,Result,NeedDaemonReload";

bool is_socket_at(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_socket(path, error);
}

std::string_view value(const Properties& unit, std::string_view name) {
    const auto found = unit.find(name);
    return found == unit.end() ? std::string_view() : std::string_view(found->second);
}

std::string described(const Properties& unit) {
    if (value(unit, "LoadState") == "masked") return "masked";
    std::string out(value(unit, "ActiveState"));
    out.append(" (").append(value(unit, "SubState")).append(")");
    const auto result = value(unit, "Result");
    if (result != "success" && !result.empty()) out.append(", ").append(result);
    return out;
}

bool is_the_same(const std::filesystem::path& one, const std::filesystem::path& other) {
    std::error_code error;
    return one == other || std::filesystem::equivalent(one, other, error);
}

bool is_known(const Properties& unit) { return value(unit, "LoadState") != "not-found"; }

bool is_in_force(const Properties& unit) {
    return value(unit, "LoadState") == "loaded" && value(unit, "NeedDaemonReload") != "yes" &&
           value(unit, "UnitFileState").starts_with("enabled");
}

bool lingers() {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry != nullptr && entry->pw_name != nullptr &&
           platform::exists(std::filesystem::path("/var/lib/systemd/linger") / entry->pw_name);
}

} // namespace

Result<bool> SystemdUnit::is_possible() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const auto usual = "/run/user/" + std::to_string(::geteuid());
    const bool has_program = !program_in_path("systemctl").empty();
    if (runtime != nullptr) // systemctl needs no bus when it finds this one
        return has_program && is_socket_at(std::filesystem::path(runtime) / "systemd/private");
    if (!is_socket_at(std::filesystem::path(usual) / "systemd/private")) return false;
    return fail(Code::conflict,
                "This shell belongs to no login session (XDG_RUNTIME_DIR is not set), though "
                "systemd runs for this user.",
                "export XDG_RUNTIME_DIR=" + usual + ", then try again.");
}

Result<SystemdUnit> SystemdUnit::open(Deadline deadline) {
    const auto home = home_folders();
    if (!home) return std::unexpected(home.error());
    SystemdUnit unit(deadline);
    unit.folder_ = home->settings / "systemd/user";
    auto service = look_at(unit.folder_ / service_unit);
    if (!service) return std::unexpected(service.error());
    auto socket = look_at(unit.folder_ / socket_unit);
    if (!socket) return std::unexpected(socket.error());
    unit.service_ = std::move(*service);
    unit.socket_ = std::move(*socket);
    return unit;
}

Result<std::string> SystemdUnit::ask(std::vector<std::string> words) const {
    words.insert(words.begin(), {"systemctl", "--user", "--no-pager", "--no-ask-password"});
    const auto said =
        output_of(Program{std::move(words), plain_environment()}, most_output, deadline_);
    if (!said) return std::unexpected(said.error());
    return std::string(said->reveal_text());
}

Result<> SystemdUnit::tell(std::vector<std::string> words) const {
    std::string command = "systemctl --user";
    for (const std::string& word : words)
        command += ' ' + word;
    words.insert(words.begin(), "--quiet");
    if (auto done = ask(std::move(words)); !done) {
        const bool is_late = done.error().code == Code::timeout;
        return fail(done.error().code,
                    command + (is_late ? " did not end in time." : " did not succeed."),
                    "Look at: systemctl --user status envmesh.service envmesh.socket");
    }
    return {};
}

// One of the two may be missing, after an uninstall that was broken off.
Result<> SystemdUnit::tell_known(std::vector<std::string> words,
                                 const std::vector<Properties>& units) const {
    const auto before = words.size();
    for (const Properties& unit : units)
        if (is_known(unit)) words.emplace_back(value(unit, "Id"));
    return words.size() == before ? Result<>() : tell(std::move(words));
}

Result<std::vector<Properties>> SystemdUnit::show() const {
    const auto shown = ask({"show", "-p", asked_properties, service_unit, socket_unit});
    if (!shown) return std::unexpected(shown.error());
    auto units = properties_of(*shown);
    if (units.size() == 2) return units;
    return fail(Code::protocol, "systemctl does not say what was asked.",
                "Look at: systemctl --user status envmesh.service");
}

std::filesystem::path SystemdUnit::of_the_system() const {
    const auto shown = ask({"show", "-p", "UnitPath"});
    if (!shown) return {};
    const auto units = properties_of(*shown);
    std::string_view rest = units.empty() ? std::string_view() : value(units.front(), "UnitPath");
    while (!rest.empty()) {
        const std::filesystem::path folder = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(folder.native().size() + 1, rest.size()));
        // What is in the settings is the person's, in /run somebody's for the moment.
        const bool is_fixed = folder.is_absolute() && folder != folder_ &&
                              !folder.native().starts_with("/run/") && folder.filename() == "user";
        if (!is_fixed || !platform::exists(folder / socket_unit)) continue;
        const auto found = look_at(folder / service_unit);
        if (found && !found->text.empty()) return found->file;
    }
    return {};
}

Result<Autostart> SystemdUnit::state() const {
    const auto units = show();
    if (!units) return std::unexpected(units.error());
    const auto &service = units->front(), &socket = units->back();
    Autostart now;
    if (!is_known(service) && !is_placed()) return now;
    now.kind = "systemd user unit";
    now.state = described(service);
    if (value(service, "ActiveState") != "active" && value(socket, "ActiveState") == "active")
        now.state += "; the first program that asks starts it";
    for (const auto& unit : *units)
        if (const auto file = value(unit, "FragmentPath"); !file.empty())
            now.files.emplace_back(file);
    const auto text = now.files.empty() ? Result<Placed>() : look_at(now.files.front());
    if (text) now.program = program_of(text->text);
    const auto pid = value(service, "MainPID");
    std::from_chars(pid.data(), pid.data() + pid.size(), now.pid);
    now.is_on = value(service, "UnitFileState").starts_with("enabled");
    now.is_running = now.pid != 0;
    now.outlives_logout = lingers();
    const auto is_other = [](const Placed& one) {
        return one.origin == Origin::changed || one.origin == Origin::theirs;
    };
    now.is_changed = is_other(service_) || is_other(socket_);
    const bool is_ours = service_.origin == Origin::ours || socket_.origin == Origin::ours;
    const auto wanted = service_text(now.program);
    now.is_current =
        !now.is_changed && value(service, "NeedDaemonReload") != "yes" &&
        value(socket, "NeedDaemonReload") != "yes" &&
        (!is_ours || (wanted && service_.text == *wanted && socket_.text == socket_text()));
    return now;
}

bool SystemdUnit::is_placed() const {
    return service_.origin != Origin::none || socket_.origin != Origin::none;
}

bool SystemdUnit::is_left_alone() const {
    return service_.origin == Origin::theirs || socket_.origin == Origin::theirs;
}

Result<std::optional<std::string>> SystemdUnit::wanted(const std::filesystem::path& daemon) const {
    const auto brought = of_the_system();
    const auto its_text = brought.empty() ? Result<Placed>() : look_at(brought);
    if (its_text && is_the_same(program_of(its_text->text), daemon))
        return std::optional<std::string>();
    auto text = service_text(daemon);
    if (!text) return std::unexpected(text.error());
    return std::optional(std::move(*text));
}

Result<> SystemdUnit::check(const std::filesystem::path& daemon) const {
    for (const Placed* one : {&service_, &socket_})
        if (auto checked = platform::check(*one); !checked) return checked;
    const auto text = wanted(daemon);
    return text ? Result<>() : Result<>(std::unexpected(text.error()));
}

Result<bool> SystemdUnit::write(const std::filesystem::path& daemon) const {
    // Both are looked at before one of them is touched.
    for (const Placed* one : {&service_, &socket_})
        if (auto checked = platform::check(*one); !checked) return std::unexpected(checked.error());
    const auto text = wanted(daemon);
    if (!text) return std::unexpected(text.error());
    if (!*text) {
        if (auto gone = take_away({service_, socket_}); !gone) return std::unexpected(gone.error());
        return is_placed(); // they would hide the system's
    }
    const auto service = place(service_, **text);
    if (!service) return service;
    const auto socket = place(socket_, socket_text());
    if (!socket) return socket;
    return *service || *socket;
}

// Everybody in the session sees a reload, and values of the manager can suffer by it
// (environment_manager.h): only when it is needed.
Result<> SystemdUnit::install(const std::filesystem::path& daemon) const {
    const auto before = show();
    if (!before) return std::unexpected(before.error());
    const auto written = write(daemon);
    if (!written) return std::unexpected(written.error());
    if (*written && value(before->front(), "ActiveState") == "active")
        if (auto done = tell({"stop", service_unit, socket_unit}); !done) return done;
    if (*written || !std::ranges::all_of(*before, is_in_force)) {
        if (auto done = tell({"--no-reload", "reenable", service_unit, socket_unit}); !done)
            return done;
        if (auto done = tell({"daemon-reload"}); !done) return done;
    }
    // One that failed too often is held back until it is told so. None may have failed.
    static_cast<void>(tell({"reset-failed", service_unit, socket_unit}));
    if (auto done = tell({"start", socket_unit, service_unit}); !done) {
        const auto after = show();
        if (after) done.error().message += " It is " + described(after->front()) + ".";
        done.error().fix = "Look at: envmesh-cli daemon logs";
        return done;
    }
    return {};
}

Result<> SystemdUnit::stop() const {
    const auto now = show();
    if (!now) return std::unexpected(now.error());
    return is_left_alone() ? Result<>() : tell_known({"stop"}, *now);
}

Result<Uninstalled> SystemdUnit::remove() const {
    const auto before = show();
    if (!before) return std::unexpected(before.error());
    if (!is_known(before->front()) && !is_placed()) return Uninstalled{};
    if (is_left_alone())
        return fail(Code::denied,
                    (service_.origin == Origin::theirs ? service_ : socket_).file.string() +
                        " is not of envmesh-cli.",
                    "Stop and remove it yourself: systemctl --user disable --now "
                    "envmesh.service envmesh.socket");
    if (auto done = tell_known({"--no-reload", "disable"}, *before); !done)
        return std::unexpected(done.error());
    auto taken = take_away({service_, socket_});
    if (auto done = tell({"daemon-reload"}); !done) return std::unexpected(done.error());
    static_cast<void>(tell({"reset-failed", service_unit, socket_unit}));
    if (!taken) return std::unexpected(taken.error());
    const auto after = show();
    if (after && value(after->front(), "UnitFileState").starts_with("enabled"))
        return fail(Code::denied, "It is switched on for all users of this machine.",
                    "Switch it off for yourself: systemctl --user mask envmesh.service "
                    "envmesh.socket");
    return Uninstalled{true, std::move(*taken)};
}

} // namespace envmesh::platform
