// SPDX-License-Identifier: MIT
// The clipboard of whoever sits at this terminal: that of Wayland (wl-copy) or X11 (xclip, xsel),
// else the terminal's own, which also works over ssh but cannot be read back (OSC 52 of xterm's
// control sequences; a terminal may ignore it, as tmux does unless its set-clipboard is on).
#pragma once

#include "core/base/error.h"
#include "core/base/secret.h"

#include <chrono>
#include <string>

namespace envmesh::platform {

/// The text goes through a pipe, never into an argument. Returns which program has taken it, or
/// "the terminal"; `unreachable` when there is neither a screen with its program nor a terminal.
/// After the time (0: never) a process of ours empties the clipboard, unless it can be seen that
/// something else stands there by then; nobody waits for it, and the terminal may be closed.
Result<std::string> copy_to_clipboard(View text, std::chrono::milliseconds clear_after);

} // namespace envmesh::platform
