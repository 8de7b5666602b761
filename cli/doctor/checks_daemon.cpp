// SPDX-License-Identifier: MIT
// The programs: this one, the daemon, and whether they go together.
#include "cli/doctor/checks.h"

#include "platform/process.h"

namespace envmesh::cli::diagnosis {
namespace {

constexpr auto start_it =
    "envmesh-cli daemon install   (now and at each login; by hand: envmesh-daemon)";
constexpr auto restart_it =
    "systemctl --user restart envmesh   (without systemd: envmesh-cli shutdown; envmesh-daemon)";
constexpr auto end_it = "systemctl --user restart envmesh   (without systemd: end the process "
                        "envmesh-daemon, then: envmesh-daemon)";

Finding unanswered(const Error& error, bool is_socket_there) {
    const auto fault = [](std::string message, std::string about, std::string fix) {
        std::vector<std::string> named;
        if (!about.empty()) named.push_back(std::move(about));
        return Finding{"daemon", State::fault, std::move(message), std::move(named),
                       std::move(fix)};
    };
    switch (error.code) {
    case Code::unreachable:
        return fault(is_socket_there ? "no daemon runs, though its socket is there: one ended "
                                       "without notice, and the next one replaces it"
                                     : "no daemon runs",
                     {}, start_it);
    case Code::timeout:
        return fault("the daemon takes connections and does not answer: it is stopped or hangs", {},
                     end_it);
    case Code::denied:
        return fault("what listens on the socket belongs to another user", error.message,
                     error.fix);
    case Code::protocol:
    case Code::too_new:
        return fault("the program and the daemon do not understand each other", error.message,
                     error.fix.empty() ? restart_it : error.fix);
    default:
        return fault("the daemon cannot be asked", error.message,
                     error.fix.empty() ? restart_it : error.fix);
    }
}

} // namespace

Findings program(const Facts& facts) {
    const auto in_path = platform::program_in_path("envmesh-cli");
    const std::string folder = facts.program.parent_path().string();
    if (in_path.empty())
        return {{"program",
                 State::warning,
                 "envmesh-cli is not in PATH here",
                 {facts.program.string()},
                 "export PATH=\"" + folder + ":$PATH\""}};
    std::error_code error;
    if (std::filesystem::equivalent(in_path, facts.program, error) || error)
        return {{"program", State::ok, "PATH leads to this program"}};
    return {{"program",
             State::warning,
             "PATH leads to another envmesh-cli than this one",
             {in_path.string() + " is not " + facts.program.string()},
             "export PATH=\"" + folder + ":$PATH\", or remove the other one"}};
}

Findings daemon(const Facts& facts) {
    if (!facts.paths && facts.socket.empty())
        return {{"daemon",
                 State::fault,
                 "it cannot be told where the daemon's socket is",
                 {facts.paths.error().message},
                 facts.paths.error().fix}};
    if (!facts.daemon) return {unanswered(facts.daemon.error(), facts.is_socket_there)};
    if (facts.status) return {{"daemon", State::ok, "answers"}};
    return {unanswered(facts.status.error(), true)};
}

Findings version(const Facts& facts) {
    if (!facts.daemon) return {};
    if (facts.daemon->version == ENVMESH_VERSION)
        return {{"version", State::ok, "program and daemon are of one version"}};
    return {{"version",
             State::warning,
             "the program and the daemon are of different versions",
             {"envmesh-cli " ENVMESH_VERSION ", envmesh-daemon " + facts.daemon->version},
             restart_it}};
}

} // namespace envmesh::cli::diagnosis
