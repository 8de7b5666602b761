// SPDX-License-Identifier: MIT
#include "cli/grammar_parts.h"

namespace envmesh::cli {

void add_service(const Verbs& verbs, Grammar& to) {
    auto* group = verbs.group("daemon", "Start it at each login");
    if (group == nullptr) return;
    group->require_subcommand(1);
    const Verbs inner{*group, to.run, {}};
    inner.add("install", "Start it now, and whenever you log in", to.none, install_service);
    inner.add("uninstall", "Stop it, and start it at no login", to.none, uninstall_service);
    inner.add("status", "Tell whether and how it is started", to.none, service_status);
    auto* logs = inner.add("logs", "Print what it has logged", to.service, service_logs);
    logs->add_option("-n,--lines", to.service.lines, "How many of the last lines")
        ->type_name("NUMBER")
        ->check(CLI::Range(1U, 1'000'000U).description(""));
    logs->add_flag("-f,--follow", to.service.follow, "And what comes, until it is interrupted");
}

} // namespace envmesh::cli
