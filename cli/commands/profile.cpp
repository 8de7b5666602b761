// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"

namespace envmesh::cli {
namespace {

template <class Call>
Exit done(Context& context, Call call) {
    const auto reply = context.ask(std::move(call));
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) context.out.object({{"ok", true}});
    return 0;
}

} // namespace

Exit profiles(Context& context, const NoOptions&) {
    const auto reply = context.ask(api::Profiles());
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json()) {
        std::vector<Object> all;
        for (const auto& profile : reply->profiles)
            all.push_back({{"name", profile.name},
                           {"variables", profile.variables},
                           {"in_use", profile.place > 0},
                           {"place", profile.place}});
        context.out.array(all);
        return 0;
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "VARIABLES", ""}};
    for (const auto& profile : reply->profiles)
        rows.push_back({profile.name, std::to_string(profile.variables),
                        profile.place > 0 ? "in use, " + std::to_string(profile.place) + "." : ""});
    context.out.table(rows);
    return 0;
}

Exit use_profiles(Context& context, const ProfilesOptions& options) {
    return done(context, api::UseProfiles{options.names});
}

Exit create_profile(Context& context, const ProfilesOptions& options) {
    return done(context, api::CreateProfile{options.names.front()});
}

Exit delete_profile(Context& context, const ProfilesOptions& options) {
    const auto reply = context.ask(api::DeleteProfile{options.names.front()});
    if (!reply) return std::unexpected(reply.error());
    if (!context.out.is_json())
        context.out.note("deleted, with " + std::to_string(reply->keys.size()) + " variables.");
    else if (reply->keys.empty())
        context.out.object({{"ok", true}});
    show_written(context.out, {reply->keys, reply->versions, reply->pending_sync});
    return 0;
}

} // namespace envmesh::cli
