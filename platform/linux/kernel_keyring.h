// SPDX-License-Identifier: MIT
// Secrets in the memory of the kernel, in the keyring of this user (@u). They stay until the
// machine restarts (before Linux 5.3: until the last process of this user has ended) and never get
// to a disk. Whoever runs as this user can read them, nobody else; so it is in a file of mode 0600.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <optional>
#include <string>

namespace envmesh::platform::kernel_keyring {

/// `unreachable` where the kernel has none, or a container forbids it.
Result<> check();
Result<std::optional<Secret>> load(const std::string& id);
Result<> store(const std::string& id, const Secret& secret);
Result<> erase(const std::string& id);

} // namespace envmesh::platform::kernel_keyring
