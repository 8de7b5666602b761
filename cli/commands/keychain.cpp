// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/prompt.h"

namespace envmesh::cli {
namespace {

std::string sentence(const api::Keychain::Reply& now) {
    if (now.place.empty()) return "There is no keychain here.";
    const std::string place = "the " + now.place;
    if (!now.enabled) return "Not enabled; it would be kept in " + place + ".";
    if (now.key == "there") return "Enabled: " + place + " opens the vault.";
    if (now.key == "locked") return "Enabled, but " + place + " is locked.";
    if (now.key == "missing") return "Enabled, but " + place + " has no key of this vault.";
    if (now.key == "wrong") return "Enabled, but what " + place + " holds does not open the vault.";
    return "Enabled, but it cannot be told whether " + place + " has the key.";
}

void show(Output& out, const api::Keychain::Reply& now) {
    if (out.is_json())
        return out.object({{"enabled", now.enabled},
                           {"place", now.place},
                           {"key", now.key},
                           {"lasts", now.lasts},
                           {"reason", now.reason}});
    out.line(sentence(now));
    if (!now.place.empty() && !now.lasts)
        out.line(
            "It is forgotten when the machine restarts or the daemon hears that you log out: the "
            "next password renews it.");
    if (!now.reason.empty()) out.line("Because: " + printable(now.reason));
}

} // namespace

Exit keychain_status(Context& context, const NoOptions&) {
    const auto now = context.ask(api::Keychain());
    if (!now) return std::unexpected(now.error());
    show(context.out, *now);
    return 0;
}

Exit enable_keychain(Context& context, const UnlockOptions& options) {
    auto secret = password(options.password_file, context.out.is_json() ? Ask::never : Ask::once);
    if (!secret) return std::unexpected(secret.error());
    api::EnableKeychain call;
    call.password = std::move(*secret);
    const auto now = context.ask(std::move(call));
    if (!now) return std::unexpected(now.error());
    show(context.out, *now);
    return 0;
}

Exit disable_keychain(Context& context, const NoOptions&) {
    const auto done = context.ask(api::DisableKeychain());
    if (!done) return std::unexpected(done.error());
    if (context.out.is_json())
        context.out.object({{"ok", true}});
    else
        context.out.note("The password alone opens the vault now.");
    return 0;
}

} // namespace envmesh::cli
