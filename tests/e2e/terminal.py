# SPDX-License-Identifier: MIT
"""A person at a terminal: types when asked, and sees what a terminal shows."""
import os
import pty
import re
import select
import signal
import time

import pytest

from harness import PATIENCE, cli_program


class Terminal:
    def __init__(self, node, *arguments, program=None):
        self.shown = ""
        self._read_to = 0
        try:
            self.pid, self._fd = pty.fork()
        except OSError as error:
            pytest.skip(f"there are no pseudo-terminals here (/dev/pts): {error}")
        if self.pid == 0:
            program = program or cli_program()
            os.execve(program, [os.path.basename(program), *arguments], node.environment(TERM="xterm"))

    def _read(self, seconds):
        if not select.select([self._fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the program has ended
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, patience=PATIENCE):
        """Waits for what has not been looked at yet to match."""
        end = time.monotonic() + patience
        while True:
            found = re.search(pattern, self.shown[self._read_to:])
            if found:
                self._read_to += found.end()
                return found
            if time.monotonic() > end or not self._read(0.1):
                raise AssertionError(f"{pattern!r} was not shown: {self.shown!r}")

    def type(self, line):
        os.write(self._fd, line.encode() + b"\n")

    def finish(self, patience=PATIENCE):
        """The exit status, once it has ended."""
        end = time.monotonic() + patience
        while self._read(0.1) and time.monotonic() < end:
            pass
        while time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self._fd)
                self.pid = None
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"it does not end: {self.shown!r}")

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self._fd)
            self.pid = None
