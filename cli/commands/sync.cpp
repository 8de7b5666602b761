// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/prompt.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds longest_call{25'000};
constexpr milliseconds between_progress{1'000};

// Asks in slices until it is complete or time is up. An answer before its slice is over means that
// waiting does not help.
Result<api::Sync::Reply> wait_until_complete(Context& context, milliseconds wait) {
    auto client = context.connect();
    if (!client) return std::unexpected(std::move(client.error()));
    const auto end = steady_clock::now() + wait;
    while (true) {
        const auto asked = steady_clock::now();
        const auto left = std::chrono::duration_cast<milliseconds>(end - asked);
        const auto most = context.out.has_audience() ? between_progress : longest_call;
        const milliseconds slice = std::clamp(left, milliseconds(0), most);
        api::Sync call;
        call.wait_ms = static_cast<std::uint32_t>(slice.count());
        auto reply = client->ask(std::move(call), context.deadline());
        const auto now = steady_clock::now();
        if (!reply || reply->complete || now >= end || now < asked + slice) {
            context.out.progress("");
            return reply;
        }
        context.out.progress("Received " + std::to_string(reply->received) + " of " +
                             std::to_string(reply->expected) + ", " +
                             std::to_string(reply->pending) + " to send");
    }
}

} // namespace

Exit sync(Context& context, const SyncOptions& options) {
    const auto wait = parse_duration("--wait", options.wait);
    if (!wait) return std::unexpected(wait.error());
    const auto reply = wait_until_complete(context, *wait);
    if (!reply) return std::unexpected(reply.error());
    if (context.out.is_json())
        context.out.object({{"ok", reply->complete},
                            {"complete", reply->complete},
                            {"received", reply->received},
                            {"sent", reply->sent},
                            {"pending", reply->pending},
                            {"undecryptable", reply->undecryptable},
                            {"expected", reply->expected},
                            {"reason", reply->reason}});
    else
        context.out.line("received " + std::to_string(reply->received) + ", sent " +
                         std::to_string(reply->sent) + ", pending " +
                         std::to_string(reply->pending));
    if (reply->complete) return 0;
    const bool takes_time = reply->reason.empty(); // nothing is in the way
    return fail(Code::incomplete, "Synchronisation is not complete. " + reply->reason,
                takes_time ? "See 'envmesh-cli status', or wait longer with --wait."
                           : "See 'envmesh-cli status', and try again.");
}

} // namespace envmesh::cli
