// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"
#include "cli/project.h"
#include "cli/prompt.h"
#include "core/base/clock.h"

namespace envmesh::cli {
namespace {

Exit show_untrusted(Context& context, const TrustOptions& options) {
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    const auto reply = context.ask(api::Untrusted{false, std::move(*chosen)});
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
    const auto here = std::filesystem::current_path(error);
    if (error && std::filesystem::path(given).is_relative())
        return fail(Code::not_found, "The folder that this runs in is gone.",
                    "Go to the project's folder, or name it.");
    std::filesystem::path at = given.empty() ? here : std::filesystem::absolute(given, error);
    if (at.filename() == ".envmesh.toml") at = at.parent_path();
    // Without links, as the working folder of a shell's programs is told.
    auto found = find_project(std::filesystem::weakly_canonical(at, error));
    if (!found) return std::unexpected(found.error());
    if (*found) return std::move(**found);
    return fail(Code::not_found, "There is no .envmesh.toml at or above " + at.string() + ".",
                "Go to the project's folder, or name it.");
}

Result<std::vector<api::Variable>> seen_from_here(Context& context, ipc::Client& client,
                                                  const TrustOptions& options) {
    std::vector<api::Variable> out;
    for (const std::string& key : options.keys) {
        auto chosen = scoping(options.profiles);
        if (!chosen) return std::unexpected(chosen.error());
        auto variable = client.ask(api::Get{key, {}, std::move(*chosen)}, context.deadline());
        if (!variable) return std::unexpected(variable.error());
        out.push_back(std::move(*variable));
    }
    return out;
}

// What is approved is shown first: to say yes to something unseen is no approval.
Result<bool> ask_about(Context& context, const std::vector<api::Variable>& variables,
                       const api::Trust& call) {
    if (!context.out.has_audience())
        return fail(Code::usage, "Nobody can be shown here what is to be approved.",
                    "Look at it at a terminal, or add --yes.");
    for (const api::Variable& one : variables) {
        context.out.note(one.updated_by + " set " + one.key + " on " + rfc3339(one.updated_at_ms) +
                         " to" + (one.type == "string" ? "" : " (" + one.type + ")"));
        context.out.note("    " + printable(one.value ? one.value->reveal_text() : ""));
    }
    if (!call.project.empty()) {
        context.out.note(call.project + " says");
        context.out.note(printable(call.project_text));
    }
    return confirm("Trust it on this machine?");
}

} // namespace

Exit trust(Context& context, const TrustOptions& options) {
    if (options.keys.empty() && !options.project) return show_untrusted(context, options);
    api::Trust call{options.keys, {}, {}, {}};
    if (options.project) {
        auto project = project_of(*options.project);
        if (!project) return std::unexpected(project.error());
        call.project = project->file.string();
        call.project_text = std::move(project->text);
    }
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    const auto variables = seen_from_here(context, *client, options);
    if (!variables) return std::unexpected(variables.error());
    for (const api::Variable& one : *variables)
        call.versions.push_back(one.version);
    if (!options.yes) {
        const auto agreed = ask_about(context, *variables, call);
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
