# SPDX-License-Identifier: MIT
"""Values that can be told apart go through every command, and no daemon's log has any of them, however verbose."""
import os
import socket

import pytest

from harness import ALONE, join, wait_until

DEBUG = "[log]\nlevel = \"debug\"\n"


class Canaries:
    def __init__(self):
        self.all = []

    def __call__(self, more=""):
        self.all.append("canary" + os.urandom(8).hex())
        return self.all[-1] + more


@pytest.fixture
def canary():
    return Canaries()


def write(a, canary):
    a.ok("profile", "create", "dev")
    a.ok("set", f"ONE={canary()}", f"DIRS=/{canary()}", "--type", "path")
    a.ok("set", f"ONE={canary()}", "-P", "dev")
    a.ok("set", f"ONE={canary()}", "--scope", "device/b")
    a.ok("set", f"PAGER={canary()}", f"EDITOR={canary()}")
    a.ok("import", "-", "--format", "dotenv", stdin=f"FILED='{canary()}'\nMORE={canary()}\n")
    for number in range(3):
        a.set("FILED", canary(f"\n{number}\u2019"))


def write_wrongly(a, canary):
    for arguments in (["set", f"1={canary()}"], ["set", f"LD_PRELOAD={canary()}"],
                      ["set", f"ONE={canary()}", "-P", "no"], ["set", f"A={canary()}", "--scope", "moon"],
                      ["set", f"ONE={canary()}", "--if-version", "none"],
                      ["set", f"A={canary()}", f"A={canary()}"], ["rollback", "ONE", "--to", canary()],
                      ["trust", canary("="), "--yes"], ["profile", "use", canary("/")]):
        assert a.cli(*arguments).returncode != 0, arguments
    a.cli("set", "A", "-", stdin=canary("\0"))


def trust_projects(b, canary):
    folder = b.home / "project"
    folder.mkdir()
    for text, status in ((f"profile = 'dev' # {canary()}\n", 0), (f"profile = {canary()}\n", 65),
                         (f"{canary()} = 1\n", 65), (f"required = ['{canary(' ')}']\n", 65)):
        (folder / ".envmesh.toml").write_text(text)
        assert b.cli("trust", "--yes", "--project", str(folder)).returncode == status


def read(node):
    for arguments in (["list", "--values"], ["get", "ONE"], ["explain", "ONE"], ["history", "FILED", "--values"],
                      ["trust", "PAGER", "--yes"], ["trust"], ["untrust", "PAGER"], ["profile", "use", "dev"],
                      ["export"], ["export", "--hook", "--shell", "fish"], ["export", "--format", "json"],
                      ["run", "--", "true"], ["run", "-P", "dev", "--", "/no/such/program"],
                      ["conflicts", "list", "--values"], ["profile", "use"], ["config", "reload"]):
        node.cli(*arguments)


def change_apart(server, a, b, canary):
    assert server.terminate() == 0
    for node in (a, b):
        wait_until(lambda: node.status()["tier"] == "offline", "the loss is noticed")
        node.ok("set", f"BOTH={canary()}")
    server.start()
    for node in (a, b):
        node.sync()
    wait_until(lambda: b.status()["conflicts"] == 1, "the conflict is known")
    b.ok("conflicts", "resolve", "BOTH", "--take", "2")
    a.ok("rollback", "FILED", "--to", "2")
    a.ok("delete", "MORE")


def end_and_begin(node, canary):
    node.ok("lock")
    node.cli("set", f"ONE={canary()}")
    node.unlock()
    node.set("LAST", canary())
    node.kill()
    node.start()
    node.unlock()
    assert node.terminate() == 0


def test_debug_log_contains_no_value(playground, canary):
    server = playground.server(extra=DEBUG)
    a, b = (playground.node(name, config=ALONE + DEBUG) for name in ("a", "b"))
    a.ok("init", "--name", "a", "--server", server.url, "--server-key", server.key,
         "--password-file", str(a.password_file))
    a.sync()
    join(a, b)
    write(a, canary)
    write_wrongly(a, canary)
    b.sync()
    trust_projects(b, canary)
    for node in (a, b):
        read(node)
    change_apart(server, a, b, canary)
    for node in (a, b):
        read(node)
        end_and_begin(node, canary)
    socket.create_connection(("127.0.0.1", server.port)).close()
    server.wait_log(" debug ")  # so they are at their most verbose
    assert server.terminate() == 0
    logs = {node.name: node.log_file.read_text(errors="replace") for node in (server, a, b)}
    assert len(canary.all) > 25
    for name, text in logs.items():
        for one in canary.all:
            assert one not in text, f"a value is in the log of {name}"
