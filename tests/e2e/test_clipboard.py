# SPDX-License-Identifier: MIT
"""get --copy: into the clipboard of a real X server, or of the terminal, and out of it again."""
import base64
import json
import os
import shutil
import subprocess
import time

import pytest

from harness import cli_program, wait_until
from terminal import Terminal

VALUE = "canary \u2019of\u2019 the clipboard\n"


@pytest.fixture(scope="module")
def node(shared_playground):
    node = shared_playground.node("copied")
    node.ok("init", "--name", "copied", "--password-file", str(node.password_file))
    node.set("KEY", VALUE)
    return node


@pytest.fixture(scope="module")
def display():
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    reading, writing = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"], pass_fds=[writing],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as number:
        yield ":" + number.readline().strip()
    server.terminate()
    server.wait()


def only(node, program, display):
    """A PATH on which the one program is."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    folder = node.home / f"only-{program}"
    folder.mkdir(exist_ok=True)
    if not (folder / program).exists():
        (folder / program).symlink_to(shutil.which(program))
    return node.environment(DISPLAY=display, PATH=str(folder))


def pasted(environment):
    words = ["xclip", "-selection", "clipboard", "-out"]
    if not shutil.which("xclip"):
        words = ["xsel", "--clipboard", "--output"]
    return subprocess.run(words, env={**os.environ, "DISPLAY": environment["DISPLAY"]},
                          capture_output=True).stdout.decode()


def copy(environment, *arguments):
    done = subprocess.run([cli_program(), "get", "KEY", "--copy", "--json", *arguments], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("program", ["xclip", "xsel"])
def test_a_value_is_in_the_clipboard_for_a_while(node, display, program):
    environment = only(node, program, display)
    said = copy(environment, "--clear", "1s")
    assert said == {"ok": True, "key": "KEY", "clipboard": program, "clears_after_s": 1}
    wait_until(lambda: pasted(environment) == "", "the clipboard is emptied")
    copy(environment)
    assert pasted(environment) == VALUE


@pytest.mark.parametrize("program", ["xclip", "xsel"])
def test_what_a_person_copied_since_is_left_alone(node, display, program):
    environment = only(node, program, display)
    copy(environment, "--clear", "1s")
    subprocess.run([shutil.which("xclip") or "xsel", "-selection", "clipboard"],
                   env={**os.environ, "DISPLAY": display}, input=b"theirs", stdout=subprocess.DEVNULL)
    time.sleep(2)
    assert pasted(environment) == "theirs"


def test_a_terminal_takes_it_where_there_is_no_screen(node):
    line = f"'{cli_program()}' get KEY --copy --clear 1s; read -r _"
    terminal = Terminal(node, "-c", line, program="/bin/sh")  # whose end would close the terminal
    sent = terminal.expect("\x1b\\]52;c;([A-Za-z0-9+/=]+)\x07").group(1)
    assert base64.b64decode(sent).decode() == VALUE
    terminal.expect(r"\(the terminal\), for 1 s")
    terminal.expect("\x1b\\]52;c;!\x07")
    assert "canary" not in terminal.shown
    terminal.type("")
    assert terminal.finish() == 0


def test_without_a_clipboard_nothing_is_printed(node):
    done = subprocess.run([cli_program(), "get", "KEY", "--copy"], env=node.environment(), start_new_session=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"fix: Install" in done.stderr and b"canary" not in done.stderr
    assert node.cli("get", "KEY", "--clear", "1s").returncode == 2
    assert node.cli("get", "KEY", "--copy", "--clear", "soon").returncode == 2
