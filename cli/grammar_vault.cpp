// SPDX-License-Identifier: MIT
#include "cli/grammar_parts.h"

namespace envmesh::cli {
namespace {

void add_keychain(const Verbs& verbs, Grammar& to) {
    auto* group = verbs.group("keychain", "Let the login unlock it");
    if (group == nullptr) return;
    group->require_subcommand(1);
    const Verbs inner{*group, to.run, {}};
    add_password(*inner.add("enable", "Give the system's keychain a key of the vault", to.unlock,
                            enable_keychain),
                 to.unlock.password_file);
    inner.add("disable", "Let the password alone open it", to.none, disable_keychain);
    inner.add("status", "Tell where the key is, and whether it opens", to.none, keychain_status);
}

} // namespace

void add_vault(const Verbs& verbs, Grammar& to) {
    if (auto* unlock = verbs.add("unlock", "Open the vault", to.unlock, cli::unlock)) {
        auto* file = unlock->add_option("--password-file", to.unlock.password_file, password_help)
                         ->type_name("FILE");
        unlock
            ->add_flag("--keychain", to.unlock.keychain,
                       "By the system's keychain alone, which may ask you")
            ->excludes(file);
        unlock->footer("The keychain is tried first; where it does not open it, the password is "
                       "asked.");
    }
    verbs.add("lock", "Close the vault", to.none, lock);
    add_keychain(verbs, to);
    if (auto* group = verbs.group("inject", "Reach desktop programs")) {
        group->require_subcommand(1);
        const Verbs inner{*group, to.run, {}};
        inner.add("list", "What programs get that no shell starts", to.none, injected);
    }
}

} // namespace envmesh::cli
