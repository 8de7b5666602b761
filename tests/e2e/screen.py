# SPDX-License-Identifier: MIT
"""Real shells in a real terminal (tmux): keys go in, and what the shell hands to programs comes out."""
import os
import shutil
import subprocess

import pytest

from harness import PATIENCE, cli_program, wait_until

REPORT = """#!/bin/sh
env -0 >"$REPORTS/new"
printf '%s\\0' "$*" >>"$REPORTS/new"
mv "$REPORTS/new" "$REPORTS/$1"
"""
# No prompt of its own starts a program, so what is counted is the hook's.
QUIET = {
    "bash": (".bashrc", "PS1='> '\n"),
    "zsh": (".zshrc", "PS1='> '\n"),
    "fish": (".config/fish/config.fish", "function fish_prompt; printf '> '; end\n"),
    "elvish": (".config/elvish/rc.elv", "set edit:prompt = { put '> ' }\nset edit:rprompt = { }\n"),
    "xonsh": (".config/xonsh/rc.xsh", "$PROMPT = '> '\n$XONSH_HISTORY_BACKEND = 'dummy'\n"),
    "nu": (".config/nushell/config.nu", "$env.config.show_banner = false\n"
           "$env.PROMPT_COMMAND = ''\n$env.PROMPT_COMMAND_RIGHT = ''\n$env.PROMPT_INDICATOR = '> '\n"),
}
START = {"bash": "bash -i", "zsh": "zsh -i", "fish": "fish -i", "elvish": "elvish", "nu": "nu",
         "xonsh": "xonsh --interactive --shell-type readline"}


def require(*programs):
    for name in programs:
        if not shutil.which(name):
            pytest.skip(f"{name} is not installed")


class Screen:
    """A shell with the home of a node. `more` replaces parts of its environment."""

    def __init__(self, node, shell, before="", prefix="", install=True, **more):
        require("tmux", shell)
        self.node, self.shell = node, shell
        self.reports = node.home / "reports"
        self.reports.mkdir(exist_ok=True)
        tools = node.home / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "report").write_text(REPORT)
        (tools / "report").chmod(0o755)
        path = [str(tools), os.path.dirname(cli_program()), os.path.dirname(shutil.which(shell)),
                "/usr/bin", "/bin"]
        self.environment = node.environment(PATH=":".join(path), REPORTS=str(self.reports),
                                            LANG="C.UTF-8", **more)
        rc, quiet = QUIET[shell]
        self.rc = node.home / rc
        self.rc.parent.mkdir(parents=True, exist_ok=True)
        self.rc.write_text(quiet + before)
        if install:
            node.ok("hook", "install", shell)
        self._asked = 0
        self.server = node.home / f"tmux-{shell}"
        self._tmux("new-session", "-d", "-x", "150", "-y", "40", "-c", str(node.home),
                   "exec " + prefix + START[shell])

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", str(self.server), "-f", "/dev/null", *arguments],
                              env=self.environment, capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shown(self):
        return self._tmux("capture-pane", "-p", "-S", "-").decode(errors="replace")

    def key(self, name):
        self._tmux("send-keys", name)

    def type(self, line):
        if self.shell == "nu":  # it loses what is typed before it reads
            wait_until(lambda: self.shown().rstrip().endswith(">"), "nu shows its prompt")
        if line:
            self._tmux("send-keys", "-l", line)
        self.key("Enter")

    def ask(self, more=""):
        """The environment of a program that the shell starts, and the words it was given."""
        self._asked += 1
        file = self.reports / str(self._asked)
        self.type(f"report {self._asked} {more}".rstrip())
        wait_until(file.exists, f"{self.shell} reports; it shows:\n{self.shown()}")
        *variables, words = file.read_bytes().split(b"\0")[:-1]
        return dict(one.split(b"=", 1) for one in variables), words.decode().split()[1:]

    def value(self, key):
        return self.ask()[0].get(key.encode())

    def follows(self, key, value):
        """Waits for it; an export gives up rather than hold a shell up on a busy machine."""
        def arrived():
            changed(self.node)
            return self.value(key) == value
        wait_until(arrived, f"{key} is {value} in {self.shell}; it shows:\n{self.shown()}")

    def sees(self, key, value):
        """Waits for it at one prompt after the other, which is all that a person does."""
        wait_until(lambda: self.value(key) == value,
                   f"{key} is {value} in {self.shell}; it shows:\n{self.shown()}")

    def close(self):
        subprocess.run(["tmux", "-S", str(self.server), "kill-server"], capture_output=True)


def changed(node):
    """What the daemon does when an export would print something else."""
    new = node.home / "generation.new"
    new.write_text(os.urandom(8).hex() + "\n")
    new.rename(node.home / "generation")
