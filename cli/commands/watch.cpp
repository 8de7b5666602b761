// SPDX-License-Identifier: MIT
#include "cli/commands.h"

namespace envmesh::cli {
namespace {

constexpr std::chrono::hours look_again{1};

void show(Output& out, const api::Event& event) {
    if (out.is_json())
        return out.object({{"event", event.event},
                           {"state", event.state},
                           {"reason", event.reason},
                           {"names", event.names},
                           {"device", event.device}});
    std::string text = event.event;
    for (const std::string& part : {event.state, event.device, event.reason})
        if (!part.empty()) text += "  " + part;
    for (const std::string& name : event.names)
        text += ' ' + name;
    out.line(printable(text));
}

} // namespace

Exit watch(Context& context, const NoOptions&) {
    auto client = context.connect();
    if (!client) return std::unexpected(client.error());
    const auto watching = client->ask(api::Watch(), context.deadline());
    if (!watching) return std::unexpected(watching.error());
    while (context.out.finish()) { // until the reader of our output is gone
        const auto event = client->next_event(std::chrono::steady_clock::now() + look_again);
        if (!event && event.error().code == Code::timeout) continue;
        if (!event) return std::unexpected(event.error());
        show(context.out, *event);
        if (event->event == "shutdown") return 0;
    }
    return 0;
}

} // namespace envmesh::cli
