# SPDX-License-Identifier: MIT
"""The tab key, in real shells: the grammar, and the names that the daemon knows."""
import shutil
import subprocess

import pytest

from harness import cli_program, wait_until
from screen import Screen

LOAD = {"bash": 'eval "$(envmesh-cli completion bash)"\n',
        "zsh": 'autoload -Uz compinit; compinit -u -D\neval "$(envmesh-cli completion zsh)"\n',
        "fish": "envmesh-cli completion fish | source\n"}


@pytest.fixture(scope="module")
def node(shared_playground):
    node = shared_playground.node("completed")
    node.ok("init", "--name", "completed", "--password-file", str(node.password_file))
    node.set("ONLY_ONE", "canary-of-completion")
    node.ok("profile", "create", "staging")
    return node


@pytest.fixture(params=["bash", "zsh", "fish"])
def screen(request, node):
    opened = Screen(node, request.param, before=LOAD[request.param], install=False)
    yield opened
    opened.close()


def completed(screen, typed, expected):
    """The line that the tab key makes of it; a shell that is still starting is asked again."""
    def is_there():
        screen.key("C-u")
        screen._tmux("send-keys", "-l", typed)
        screen.key("Tab")
        try:
            wait_until(lambda: expected in screen.shown(), "the shell completes", patience=2)
        except AssertionError:
            return False
        return True
    try:
        wait_until(is_there, f"{typed!r} becomes {expected!r}; the shell shows:\n{screen.shown()}")
    finally:
        screen.key("C-u")


def test_the_tab_key_knows_the_grammar_and_the_names(screen):
    completed(screen, "envmesh-cli shutd", "envmesh-cli shutdown")
    completed(screen, "envmesh-cli get ONLY_", "envmesh-cli get ONLY_ONE")
    completed(screen, "envmesh-cli explain ONLY", "envmesh-cli explain ONLY_ONE")
    completed(screen, "envmesh-cli set --visib", "envmesh-cli set --visibility")
    completed(screen, "envmesh-cli --quiet profile use stag", "envmesh-cli --quiet profile use staging")
    completed(screen, "envmesh-cli list --scope profile/s", "envmesh-cli list --scope profile/staging")


def test_the_tab_key_finds_programs_and_files(node, screen):
    (node.home / "only-one-file.env").write_text("")
    completed(screen, "envmesh-cli import only-one", "envmesh-cli import only-one-file.env")
    completed(screen, "envmesh-cli run -- envmesh-d", "envmesh-cli run -- envmesh-daemon")


def test_no_value_is_in_an_argument(node, screen):
    """Whoever watches the programs that the tab key starts learns nothing of the line."""
    real = cli_program()
    spy = node.home / "tools" / "envmesh-cli"
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{node.home}/spied"\nexec "{real}" "$@"\n')
    spy.chmod(0o755)
    try:
        completed(screen, "envmesh-cli set HIDDEN=canary-of-the-line --visib", "--visibility")
        assert "complete" in (node.home / "spied").read_text()
        assert "canary" not in (node.home / "spied").read_text()
    finally:
        spy.unlink()


def test_without_a_daemon_the_grammar_is_still_there(node):
    words = b"get\0\0"
    done = subprocess.run([cli_program(), "--socket", "/nonexistent/socket", "complete"],
                          input=words, capture_output=True, env=node.environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    done = subprocess.run([cli_program(), "--socket", "/nonexistent/socket", "complete"],
                          input=b"get\0--def\0", capture_output=True, env=node.environment())
    assert done.stdout.startswith(b"--default\t")


def test_the_lines_of_powershell_have_pairs_of_brackets(node):
    text = node.ok("completion", "pwsh")
    for opening, closing in (b"{}", b"()", b"[]"):
        assert text.count(opening) == text.count(closing)
    if shutil.which("pwsh"):
        subprocess.run(["pwsh", "-NoProfile", "-Command", "-"], input=text, check=True)
