// SPDX-License-Identifier: MIT
#include "platform/linux/kernel_keyring.h"

#include "platform/linux/descriptor.h"
#include "platform/linux/keychain_limits.h"

#include <keyutils.h>

#include <cerrno>
#include <system_error>

namespace envmesh::platform::kernel_keyring {
namespace {

// With what the possessor may do, but for linking it into other keyrings; the owner without
// possession, the group and others: nothing.
constexpr key_perm_t possessor_only =
    KEY_POS_VIEW | KEY_POS_READ | KEY_POS_WRITE | KEY_POS_SEARCH | KEY_POS_SETATTR;

std::string description(const std::string& id) { return "envmesh:" + id; }

bool is_gone(int error) { return error == ENOKEY || error == EKEYEXPIRED || error == EKEYREVOKED; }

std::unexpected<Error> failure(int error, const std::string& what) {
    if (error == EDQUOT)
        return system_failure(error, what,
                              "Remove keys of this user that nobody needs (keyctl show @u), or "
                              "raise kernel.keys.maxkeys and kernel.keys.maxbytes.");
    return system_failure(error, what);
}

// A process possesses only what its own keyrings lead to, and @u is not always among them (it is
// where pam_keyinit was at work). So the keyring of this thread, which ends with it, leads there.
Result<> possess() {
    if (auto checked = check(); !checked) return checked;
    if (keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_THREAD_KEYRING) != 0)
        return failure(errno, "The kernel's keyring of this user cannot be used");
    return {};
}

Result<std::optional<key_serial_t>> find(const std::string& id) {
    const auto found = keyctl_search(KEY_SPEC_USER_KEYRING, "user", description(id).c_str(), 0);
    if (found >= 0) return static_cast<key_serial_t>(found);
    if (is_gone(errno)) return std::nullopt;
    return failure(errno, "The kernel's keyring of this user cannot be searched");
}

} // namespace

Result<> check() {
    if (keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 0) >= 0) return {};
    return fail(
        Code::unreachable,
        "The kernel's keyring cannot be used here: " + std::generic_category().message(errno) + ".",
        "Containers often forbid the system call keyctl; a Secret Service works there.");
}

Result<std::optional<Secret>> load(const std::string& id) {
    if (auto possessed = possess(); !possessed) return std::unexpected(possessed.error());
    const auto key = find(id);
    if (!key) return std::unexpected(key.error());
    if (!*key) return std::nullopt;
    Secret room(largest_secret + 1);
    auto* const to = reinterpret_cast<char*>(room.writable().data());
    const auto size = keyctl_read(**key, to, room.size());
    if (size < 0 && is_gone(errno)) return std::nullopt;
    if (size < 0) return failure(errno, "The secret in the kernel's keyring cannot be read");
    if (!is_plausible(static_cast<std::size_t>(size)))
        return fail(Code::corrupt, "The secret in the kernel's keyring is not one of EnvMesh.");
    return Secret(room.reveal().first(static_cast<std::size_t>(size)));
}

Result<> store(const std::string& id, const Secret& secret) {
    if (auto possessed = possess(); !possessed) return possessed;
    const std::string what = "The secret cannot be stored in the kernel's keyring";
    const auto bytes = secret.reveal();
    const auto key =
        add_key("user", description(id).c_str(), bytes.data(), bytes.size(), KEY_SPEC_USER_KEYRING);
    if (key < 0) return failure(errno, what);
    if (keyctl_setperm(key, possessor_only) != 0) {
        const int error = errno;
        keyctl_invalidate(key);
        return failure(error, what);
    }
    const auto kept = load(id);
    if (!kept) return std::unexpected(kept.error());
    if (!*kept || !(**kept == secret))
        return fail(Code::corrupt, what + ": it gives back another.");
    return {};
}

Result<> erase(const std::string& id) {
    if (auto possessed = possess(); !possessed) return possessed;
    const auto key = find(id);
    if (!key) return std::unexpected(key.error());
    if (!*key || keyctl_invalidate(**key) == 0) return {};
    // Whoever may not do that with a key may still take it out of a keyring of his own.
    if (keyctl_unlink(**key, KEY_SPEC_USER_KEYRING) == 0) return {};
    return failure(errno, "The secret cannot be removed from the kernel's keyring");
}

} // namespace envmesh::platform::kernel_keyring
