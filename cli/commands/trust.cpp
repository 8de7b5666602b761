// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"
#include "cli/project.h"
#include "cli/prompt.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

Exit show_untrusted(Context& context) {
    const auto reply = context.ask(api::Untrusted());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (const auto& variable : reply->variables)
            all.push_back(describe(variable));
        context.out.array(all);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "SCOPE", "UPDATED", "BY"}};
    for (const auto& variable : reply->variables)
        rows.push_back(
            {variable.key, variable.scope, rfc3339(variable.updated_at_ms), variable.updated_by});
    context.out.table(rows);
    return 0;
}

Result<Project> project_of(const std::string& given) {
    std::error_code error;
    std::filesystem::path at = given.empty() ? std::filesystem::current_path(error)
                                             : std::filesystem::absolute(given, error);
    if (at.filename() == ".envmesh.toml") at = at.parent_path();
    auto found = find_project(at.lexically_normal());
    if (!found) return std::unexpected(found.error());
    if (*found) return std::move(**found);
    return fail(Code::not_found, "There is no .envmesh.toml at or above " + at.string() + ".",
                "Go to the project's folder, or name it.");
}

// What is approved is shown first: to say yes to something unseen is no approval.
Result<bool> ask_about(Context& context, api::Trust& call, ipc::Client& client) {
    for (const std::string& key : call.keys) {
        const auto variable = client.ask(api::Get{key, {}, {}}, context.deadline());
        if (!variable) return std::unexpected(variable.error());
        context.out.note(variable->updated_by + " set " + key + " on " +
                         rfc3339(variable->updated_at_ms) + " to");
        context.out.note("    " + printable(variable->value->reveal_text()));
        call.versions.push_back(variable->version);
    }
    if (!call.project.empty()) {
        context.out.note(call.project + " says");
        context.out.note(printable(call.project_text));
    }
    return confirm("Trust it on this machine?");
}

} // namespace

Exit trust(Context& context, const TrustOptions& options) {
    if (options.keys.empty() && !options.project) return show_untrusted(context);
    api::Trust call{options.keys, {}, {}};
    if (options.project) {
        auto project = project_of(*options.project);
        if (!project) return std::unexpected(project.error());
        call.project = project->file.string();
        call.project_text = std::move(project->text);
    }
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    if (!options.yes) {
        const auto agreed = ask_about(context, call, *client);
        if (!agreed) return std::unexpected(agreed.error());
        if (!*agreed) return fail(Code::denied, "Nothing was approved.");
    }
    const auto reply = client->ask(std::move(call), context.deadline());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) context.out.object({{"ok", true}});
    return 0;
}

Exit distrust(Context& context, const TrustOptions& options) {
    if (options.keys.empty() && !options.project)
        return fail(Code::usage, "Nothing is named that is to be trusted no more.",
                    "Name variables, or --project.");
    api::Distrust call{options.keys, {}};
    if (options.project) {
        auto project = project_of(*options.project);
        if (!project) return std::unexpected(project.error());
        call.project = project->file.string();
    }
    const auto reply = context.ask(std::move(call));
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) context.out.object({{"ok", true}});
    return 0;
}

} // namespace envmesh::cli
