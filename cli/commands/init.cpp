// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/prompt.h"
#include "platform/paths.h"
#include "platform/terminal.h"

#include <algorithm>

namespace envmesh::cli {
namespace {

// A person compares the key with what the server prints; a script has to bring it (S23).
Result<std::string> confirmed_server_key(Context& context, const InitOptions& options) {
    if (options.server.empty() || !options.server_key.empty()) return options.server_key;
    if (context.out.is_json() || !platform::is_terminal(platform::Stream::input))
        return fail(Code::usage, "The server's key is not given.",
                    "Give it with --server-key; the server prints it with "
                    "envmesh-daemon --print-server-key.");
    api::ProbeServer probe;
    probe.server = options.server;
    const auto shown = context.ask(std::move(probe));
    if (!shown) return std::unexpected(shown.error());
    const auto yes = confirm("The server shows the key\n  " + printable(shown->server_key) +
                             "\nIs it what envmesh-daemon --print-server-key prints there?");
    if (!yes) return std::unexpected(yes.error());
    if (!*yes)
        return fail(Code::denied, "You did not accept the server's key.",
                    "Check the address, and the key on the server itself.");
    return shown->server_key;
}

Result<> check_server_key(std::string& key) {
    std::ranges::transform(key, key.begin(), [](char c) {
        return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (key.empty() || (from_hex(key) && key.size() == 64)) return {};
    return fail(Code::usage, "--server-key is not 64 hexadecimal digits.",
                "Take what envmesh-daemon --print-server-key prints on the server.");
}

} // namespace

Exit init(Context& context, const InitOptions& options) {
    api::Init call;
    call.name = options.name.empty() ? platform::default_device_name() : options.name;
    call.server = options.server;
    if (!options.server_token_file.empty()) {
        const auto token = password_from(options.server_token_file);
        if (!token) return std::unexpected(token.error());
        call.server_token = token->reveal_text();
    }
    auto key = confirmed_server_key(context, options);
    if (!key) return std::unexpected(key.error());
    if (auto usable = check_server_key(*key); !usable) return std::unexpected(usable.error());
    call.server_key = std::move(*key);
    auto secret = password(options.password_file, context.out.is_json() ? Ask::never : Ask::twice);
    if (!secret) return std::unexpected(secret.error());
    call.password = std::move(*secret);
    const std::string name = call.name;

    const auto made = context.ask(std::move(call));
    if (!made) return std::unexpected(made.error());
    if (context.out.is_json())
        context.out.object({{"ok", true},
                            {"device", made->device},
                            {"mesh", made->mesh},
                            {"server_key", made->server_key}});
    else
        context.out.line("This machine, \"" + printable(name) + "\", is the first of a new mesh.");
    return 0;
}

} // namespace envmesh::cli
