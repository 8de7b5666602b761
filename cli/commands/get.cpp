// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/commands/variable.h"
#include "cli/project.h"
#include "cli/prompt.h"
#include "platform/clipboard.h"

namespace envmesh::cli {
namespace {

void print(Context& context, View value, bool no_newline) {
    Bytes whole = to_bytes(value);
    if (!no_newline) whole.push_back('\n');
    context.out.raw(whole);
    wipe(whole);
}

Exit copy(Context& context, const GetOptions& options, View value) {
    const auto clear = parse_duration("--clear", options.clear);
    if (!clear) return std::unexpected(clear.error());
    const auto taken = platform::copy_to_clipboard(value, *clear);
    if (!taken) return std::unexpected(taken.error());
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*clear).count();
    if (context.out.is_json())
        context.out.object({{"ok", true},
                            {"key", options.key},
                            {"clipboard", *taken},
                            {"clears_after_s", static_cast<std::uint64_t>(seconds)}});
    else
        context.out.note("\"" + options.key + "\" is in the clipboard (" + *taken + ")" +
                         (seconds == 0 ? "." : ", for " + std::to_string(seconds) + " s."));
    return 0;
}

} // namespace

Exit get(Context& context, const GetOptions& options) {
    api::Get call;
    call.key = options.key;
    call.scope = options.scope;
    auto chosen = scoping(options.profiles);
    if (!chosen) return std::unexpected(chosen.error());
    call.scoping = std::move(*chosen);
    const auto found = context.ask(std::move(call));
    if (!found && found.error().code == Code::not_found && options.fallback) {
        if (options.copy) return copy(context, options, view(*options.fallback));
        if (context.out.is_json())
            context.out.object({{"key", options.key}, value_field(Secret(*options.fallback))});
        else
            print(context, view(*options.fallback), options.no_newline);
        return 0;
    }
    if (!found) return std::unexpected(found.error());
    if (!found->value)
        return fail(Code::protocol,
                    "The daemon answered without the value of \"" + options.key + "\".");
    if (options.copy) return copy(context, options, found->value->reveal());
    if (context.out.is_json())
        context.out.object(describe(*found));
    else
        print(context, found->value->reveal(), options.no_newline);
    return 0;
}

} // namespace envmesh::cli
