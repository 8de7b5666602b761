// SPDX-License-Identifier: MIT
// What starts the daemon.
#include "cli/doctor/checks.h"

#include "platform/autostart.h"

#include <cstdlib>

namespace envmesh::cli::diagnosis {
namespace {

constexpr auto bring_up_to_date = "envmesh-cli daemon install";

Finding found(State state, std::string message, std::string fix,
              std::vector<std::string> about = {}) {
    return {"service", state, std::move(message), std::move(about), std::move(fix)};
}

Findings wrong_program(const Facts& facts, const platform::Autostart& now) {
    std::error_code error;
    const auto beside = facts.program.parent_path() / "envmesh-daemon";
    if (!std::filesystem::exists(now.program, error))
        return {found(State::fault, "the service starts a program that is not there",
                      bring_up_to_date, {now.program.string()})};
    if (!std::filesystem::exists(beside, error) ||
        std::filesystem::equivalent(beside, now.program, error))
        return {};
    return {found(State::warning, "the service starts another daemon than the one beside this",
                  bring_up_to_date, {now.program.string() + " is not " + beside.string()})};
}

Findings how_it_runs(const Facts& facts, const platform::Autostart& now) {
    if (now.state.contains("failed"))
        return {found(State::fault, "the service does not run", "envmesh-cli daemon logs",
                      {now.state})};
    if (!now.is_running && facts.daemon)
        return {found(State::warning, "the daemon was started by hand, and not by the service",
                      "envmesh-cli shutdown; envmesh-cli daemon install")};
    if (!now.is_on)
        return {found(State::warning, "the service does not start at login", bring_up_to_date)};
    if (now.outlives_logout) return {found(State::ok, "it starts at login", {})};
    const bool is_remote = std::getenv("SSH_CONNECTION") != nullptr;
    return {found(State::ok, "it starts at login, and ends with the last session",
                  is_remote ? "to keep it when you log out: loginctl enable-linger" : "")};
}

} // namespace

Findings service(const Facts& facts) {
    const bool is_of_other_folders = std::getenv("ENVMESH_HOME") != nullptr ||
                                     (facts.paths && facts.socket != facts.paths->socket);
    if (is_of_other_folders) return {}; // none starts a daemon there
    const auto now = platform::autostart();
    if (!now)
        return {found(State::warning, "it cannot be told what starts the daemon", now.error().fix,
                      {now.error().message})};
    if (now->kind.empty())
        return {found(State::ok, "nothing starts the daemon at login",
                      "if something should: envmesh-cli daemon install")};
    if (now->is_changed) {
        Findings all{
            found(State::ok, "its files have been changed by hand and are left alone", {})};
        std::ranges::copy(how_it_runs(facts, *now), std::back_inserter(all));
        return all;
    }
    if (!now->is_current)
        return {found(State::warning, "the service's files are not up to date", bring_up_to_date)};
    if (auto wrong = wrong_program(facts, *now); !wrong.empty()) return wrong;
    return how_it_runs(facts, *now);
}

} // namespace envmesh::cli::diagnosis
