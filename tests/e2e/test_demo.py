# SPDX-License-Identifier: MIT
"""What `./dev demo` shows is true, and the example configurations work as written."""
import os
import pathlib
import subprocess
import sys

import pytest

import harness
import lan

FOLDER = pathlib.Path(__file__).parent
REASON = lan.reason_to_skip("avahi-browse", "avahi-daemon", "dbus-daemon")


def told(*words, **more):
    environment = {**os.environ, "ENVMESH_BIN": os.path.dirname(harness.cli_program()), **more}
    return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=10 * harness.PATIENCE)


def test_two_machines_and_a_server():
    story = told("bash", FOLDER / "demo.sh")
    assert story.returncode == 0, story.stdout + story.stderr
    assert story.stdout.endswith("Everything held.\n")


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_five_machines_on_one_network():
    story = told(sys.executable, FOLDER / "demo_lan.py")
    assert story.returncode == 0, story.stdout + story.stderr
    assert story.stdout.endswith("Everything held.\n")


def test_without_the_means_for_a_network_it_says_so():
    story = told(sys.executable, FOLDER / "demo_lan.py", PATH="/nowhere")
    assert story.returncode == 1
    assert "needs ip" in story.stderr
