# SPDX-License-Identifier: MIT
"""What EnvMesh is for: a variable set on one machine is in a new shell of the other."""
import json
import os
import shutil
import subprocess

import pytest

from harness import PATIENCE, wait_until

HOSTILE = {
    "EMPTY": b"",
    "SPACES": b"  two  spaces\tand a tab ",
    "SINGLE": b"it's 'quoted'",
    "DOUBLE": b'say "hello"',
    "BACKSLASH": b"C:\\new\\table\\",
    "COMMANDS": b"$(touch ran) `touch ran` ; touch ran & touch ran #",
    "BREAKOUT": b"'; touch ran; '",
    "BREAKOUT_C": b"\\'; touch ran; $'",
    "VARIABLE": b"$HOME ${HOME} ~ * ? [a-z] {a,b}",
    "HISTORY": b"!! !x ^a^b",
    "NEWLINES": b"\n\nfirst\r\nsecond\n\n",
    "CONTROL": bytes(range(1, 32)) + b"\x7f",
    "EVERY_BYTE": bytes(range(1, 256)),
    "NOT_UTF8": b"\xff\xfe\x80",
    "UNICODE": "\u2019\u201b caf\u00e9 \U0001f600".encode(),
    "DASH": b"-n --help",
    "AT": b"@/etc/passwd",
    "PEM": b"-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n",
    "LONG": b"x" * 100_000,
}
SHELLS = [["dash"], ["bash", "--norc", "--noprofile"], ["zsh", "-f"],
          ["bash", "--posix", "--norc", "--noprofile"]]


def environment_of_shell(node, shell, folder, line='eval "$(envmesh-cli export)"'):
    """What a program started from that shell sees, byte for byte."""
    done = subprocess.run([*shell, "-c", f"{line}; exec /usr/bin/env -0"], cwd=folder,
                          env=node.environment(), capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    return dict(item.split(b"=", 1) for item in done.stdout.split(b"\0") if item)


@pytest.fixture(scope="module")
def hostile(mesh):
    for key, value in HOSTILE.items():
        mesh.a.set("HOSTILE_" + key, value)
    mesh.a.sync()
    mesh.b.sync()
    yield
    mesh.a.ok("delete", *("HOSTILE_" + key for key in HOSTILE))
    mesh.a.sync()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: " ".join(shell[:2]))
def test_hostile_values_arrive_in_a_real_shell_byte_for_byte(mesh, hostile, shell, tmp_path):
    if not shutil.which(shell[0]):
        pytest.skip(f"{shell[0]} is not installed")
    seen = {}

    def complete():  # `export` gives up, empty, rather than hold a shell up on a busy machine
        seen.update(environment_of_shell(mesh.b, shell, tmp_path))
        return b"HOSTILE_EMPTY" in seen

    wait_until(complete, f"{shell[0]} has the variables")
    for key, value in HOSTILE.items():
        assert seen[b"HOSTILE_" + key.encode()] == value, key
    assert os.listdir(tmp_path) == [], "a value ran as a command"


def test_get_prints_hostile_values_exactly(mesh, hostile):
    for key, value in HOSTILE.items():
        assert mesh.b.get("HOSTILE_" + key) == value, key


def test_a_change_arrives_by_itself(mesh):
    mesh.a.set("LIVE", "one")
    mesh.b.sees("LIVE", "one")
    mesh.a.set("LIVE", "two")
    mesh.b.sees("LIVE", "two")
    mesh.b.set("LIVE", "three, from the other side")
    mesh.a.sees("LIVE", "three, from the other side")


def test_a_change_is_told_to_whoever_watches(mesh):
    watching = mesh.b.command("watch", "--json")
    wait_until(lambda: not mesh.a.set("WATCHED", os.urandom(4).hex()) and _hears(watching),
               "the event on the other machine")
    watching.stop()


def _hears(watching):
    try:
        return "WATCHED" in watching.event("variables-changed", patience=2)["names"]
    except AssertionError:
        return False


def test_a_delete_arrives_and_stays(mesh, tmp_path):
    mesh.a.set("GONE", "soon")
    mesh.b.sees("GONE", "soon")
    mesh.a.ok("delete", "GONE")
    wait_until(lambda: mesh.b.get("GONE") is None, "the delete arrives")
    mesh.b.sync()
    mesh.a.sync()
    assert mesh.a.get("GONE") is None
    assert mesh.b.listed("GONE") is None
    assert b"GONE" not in environment_of_shell(mesh.b, ["dash"], tmp_path)


def test_a_third_member_gets_everything_and_is_heard(playground):
    server = playground.server()
    a = playground.first(server)
    a.set("EARLY", "before anyone joined")
    b = playground.joined(a, "b")
    assert b.get("EARLY") == b"before anyone joined", "`done` means that everything is there"
    c = playground.joined(a, "c")
    assert c.get("EARLY") == b"before anyone joined"
    c.set("FROM_C", "hello")
    a.sees("FROM_C", "hello")
    b.sees("FROM_C", "hello")
    assert a.status()["devices"] == 3
    wait_until(lambda: b.status()["devices"] == 3, "b knows c")
    devices = json.loads(a.ok("devices", "--json"))
    assert {device["name"] for device in devices} == {"a", "b", "c"}

    def all_online():
        peers = json.loads(b.ok("peers", "--json"))
        return len(peers) >= 2 and all(peer["online"] or peer["self"] for peer in peers)

    wait_until(all_online, "b sees both others online")


def test_offline_edits_on_both_sides_arrive_after_and_a_conflict_is_shown(playground):
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    a.set("BOTH", "common")
    b.sees("BOTH", "common")

    assert server.terminate() == 0
    for node in (a, b):
        wait_until(lambda: node.status()["tier"] == "offline", "the loss is noticed")
        node.set("ONLY_" + node.name.upper(), "made offline by " + node.name)
        node.set("BOTH", "changed by " + node.name)
        status = node.status()
        assert status["pending"] == 2
        assert status["reason"]
        assert node.cli("sync", "--wait", "1s").returncode == 7

    server.start()
    a.sync()
    b.sync()
    a.sees("ONLY_B", "made offline by b")
    b.sees("ONLY_A", "made offline by a")
    wait_until(lambda: a.listed("BOTH")["conflict"] and b.listed("BOTH")["conflict"],
               "the conflict is shown on both")
    assert a.get("BOTH") == b.get("BOTH")
    assert a.listed("BOTH")["version"] == b.listed("BOTH")["version"]
    assert a.status()["conflicts"] == 1

    a.set("BOTH", "settled")
    b.sees("BOTH", "settled")
    assert not a.listed("BOTH")["conflict"]
    assert not b.listed("BOTH")["conflict"]


def test_everything_is_there_after_all_daemons_were_restarted(playground):
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    for number in range(20):
        a.set(f"KEPT_{number}", f"value {number}")
    b.sees("KEPT_19", "value 19")
    for node in (a, b, server):
        assert node.terminate() == 0
    for node in (server, a, b):
        node.start()
    for node in (a, b):
        assert node.status()["state"] == "locked"
        done = node.cli("get", "KEPT_1")
        assert done.returncode == 5 and done.stdout == b""
        assert node.cli("status").returncode == 5
        done = node.cli("export")
        assert done.returncode == 0 and done.stdout == b""
        node.unlock()
        for number in range(20):
            assert node.get(f"KEPT_{number}") == f"value {number}".encode()
    a.set("KEPT_0", "after the restart")
    b.sees("KEPT_0", "after the restart")


def test_lock_closes_and_unlock_opens_again(playground):
    server = playground.server()
    a = playground.first(server)
    a.set("INSIDE", "yes")
    a.ok("lock")
    assert a.status()["state"] == "locked"
    assert a.cli("get", "INSIDE").returncode == 5
    assert a.cli("set", "INSIDE=no").returncode == 5
    a.unlock()
    assert a.get("INSIDE") == b"yes"


def test_status_and_export_work_without_any_server(playground):
    node = playground.node("alone")
    assert node.status()["state"] == "absent"
    assert node.cli("status").returncode == 5
    assert node.cli("get", "X").returncode == 5
    node.ok("init", "--name", "alone", "--password-file", "-", stdin="a password\n")
    node.set("X", "here")
    assert node.get("X") == b"here"
    status = node.status()
    assert (status["state"], status["tier"], status["server"]) == ("unlocked", "offline", None)
    assert status["pending"] == 1 and status["last_contact"] is None
    done = node.cli("invite", "--json")
    assert done.returncode == 4 and b'"fix"' in done.stderr
