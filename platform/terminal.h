// SPDX-License-Identifier: MIT
// A person at a terminal.
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

namespace envmesh::platform {

enum class Stream { input, output, error };
bool is_terminal(Stream stream);
/// Asks on the controlling terminal without echo (restored also on Ctrl-C); `unreachable` when
/// there is none.
Result<Secret> ask_hidden(std::string_view prompt);
/// One line from the controlling terminal, echoed, without its line end.
Result<std::string> ask(std::string_view prompt);

} // namespace envmesh::platform
