# SPDX-License-Identifier: MIT
"""Files that were damaged, are from the future, or find no room: told clearly, never made worse."""
import json
import os
import shutil
import subprocess

import pytest

from harness import wait_until


def made(playground, values=40):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    for number in range(values):
        node.set(f"V_{number}", f"value {number} " + "x" * 500)
    assert node.terminate() == 0
    return node


def files_of(node):
    return {path.name: path.read_bytes() for path in node.home.iterdir() if path.is_file()}


def unlock(node):
    return node.cli("unlock", "--json", "--password-file", str(node.password_file))


def code_of(done):
    return json.loads(done.stderr)["error"]["code"]


def is_told(node):
    """Either the vault does not open, or the state says it, or a read fails; and nothing dies."""
    done = unlock(node)
    if done.returncode != 0:
        assert done.returncode == 74, done.stderr
        assert code_of(done) == "CORRUPT" and b"fix" in done.stderr
        return True
    listed = node.cli("list", "--json", "--values")
    degraded = node.status()["state"] == "degraded"
    return degraded or listed.returncode == 74


@pytest.mark.parametrize("where", [0, 8, 16, 100, 1024, 4096, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_byte_in_the_database_is_detected_and_told(playground, where):
    node = made(playground)
    database = node.home / "envmesh.db"
    contents = bytearray(database.read_bytes())
    at = int(len(contents) * where) if isinstance(where, float) else where
    contents[at] ^= 0x40
    database.write_bytes(contents)
    node.start()
    told = is_told(node)
    assert node.is_running(), node.log()
    if not told:  # a page that nothing reads: what is there must be right
        for number in range(40):
            assert node.get(f"V_{number}") == f"value {number} ".encode() + b"x" * 500


def test_no_flipped_byte_brings_a_wrong_value_or_ends_the_daemon(playground):
    node = made(playground)
    good = (node.home / "envmesh.db").read_bytes()
    node.start()
    told = 0
    for at in range(2000, len(good), max(1, len(good) // 12)):
        assert node.terminate() == 0
        for path in node.home.glob("envmesh.db*"):
            path.unlink()
        bad = bytearray(good)
        bad[at] ^= 1
        (node.home / "envmesh.db").write_bytes(bad)
        node.start()
        told += is_told(node)
        for number in (0, 39):
            done = node.cli("get", "-n", f"V_{number}")
            right = f"value {number} ".encode() + b"x" * 500
            assert done.stdout in (b"", right)
            assert done.returncode in (0, 3, 5, 74), done.stderr
        assert node.is_running()
    assert told > 6


def test_a_truncated_database_is_told(playground):
    node = made(playground)
    database = node.home / "envmesh.db"
    whole = database.read_bytes()
    for length in (1, 100, 1024, len(whole) // 2):
        database.write_bytes(whole[:length])
        node.start()
        assert is_told(node), length
        assert node.terminate() == 0


DAMAGED = {"empty": b"", "a brace": b"{", "cut": b'{"version":', "zeros": b"\x00" * 100,
           "deep": b"[" * 16000, "no slots": b'{"version":1}', "zero slots": b'{"version":1,"slots":[]}',
           "a bad slot": b'{"version":1,"slots":[{}]}', "too large": b"x" * 100_000}


@pytest.mark.parametrize("contents", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_vault_file_is_told_and_left_alone(playground, contents):
    node = made(playground, values=1)
    vault = node.home / "vault.keys"
    vault.write_bytes(contents)
    node.start()
    done = unlock(node)
    assert done.returncode == 74, done.stderr
    assert b"fix" in done.stderr
    assert node.cli("status").returncode == 5
    # It must not be taken for a machine without a vault, or `init` would bury the data.
    assert node.status()["state"] == "locked"
    init = node.cli("init", "--name", "again", "--password-file", str(node.password_file))
    assert init.returncode == 6
    assert vault.read_bytes() == contents
    assert node.is_running()


def test_a_truncated_vault_file_is_told_and_the_previous_one_helps(playground):
    node = made(playground, values=1)
    vault = node.home / "vault.keys"
    whole = vault.read_bytes()
    for length in (len(whole) // 2, len(whole) - 3):
        vault.write_bytes(whole[:length])
        node.start()
        assert unlock(node).returncode == 74
        assert node.terminate() == 0
    vault.write_bytes(whole)
    node.start()
    node.unlock()
    assert node.get("V_0").startswith(b"value 0")


def test_a_vault_file_from_the_future_is_refused_and_untouched(playground):
    node = made(playground, values=1)
    vault = node.home / "vault.keys"
    future = json.loads(vault.read_text())
    future["version"] = 2
    vault.write_text(json.dumps(future))
    before = files_of(node)
    node.start()
    done = unlock(node)
    assert done.returncode == 9 and code_of(done) == "TOO_NEW"
    assert node.terminate() == 0
    after = files_of(node)
    assert {name: after[name] for name in before} == before


def test_a_lost_vault_file_does_not_let_init_destroy_the_database(playground):
    node = made(playground, values=1)
    (node.home / "vault.keys").unlink()
    before = (node.home / "envmesh.db").read_bytes()
    node.start()
    done = node.cli("init", "--name", "again", "--password-file", str(node.password_file))
    kept = [path for path in node.home.iterdir()
            if path.name.startswith("envmesh.db") and path.read_bytes() == before]
    assert kept, (done.stderr, sorted(path.name for path in node.home.iterdir()))


def test_what_is_left_of_a_lost_log_does_not_end_the_daemon(playground):
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    for number in range(20):
        node.set(f"V_{number}", "x" * 1000)
    node.kill()
    log = node.home / "envmesh.db-wal"
    assert log.stat().st_size > 0
    contents = bytearray(log.read_bytes())
    contents[len(contents) // 2] ^= 1
    log.write_bytes(contents)
    node.start()
    is_told(node)
    assert node.is_running()


@pytest.fixture
def small_disk(playground):
    folder = playground.folder / "small"
    folder.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", folder],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no small disk can be mounted here: " + mounted.stderr.decode().strip())
    yield folder
    for node in playground.nodes:
        node.close()
    subprocess.run(["umount", folder], check=False)


def test_a_full_disk_loses_nothing_acknowledged_and_recovers_without_restart(playground, small_disk):
    node = playground.node("small/home", start=False)
    node.log_file = playground.folder / "small.log"
    node.start()
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    acknowledged, refused = {}, 0
    for number in range(400):
        key, value = f"FILL_{number}", os.urandom(10_000).hex().encode()
        done = node.cli("set", key, "-", stdin=value)
        if done.returncode == 0:
            acknowledged[key] = value
        else:
            assert done.returncode == 74, done.stderr
            assert b"fix" in done.stderr
            refused += 1
            if refused >= 5:
                break
    assert refused >= 5, "the disk is full"
    assert acknowledged
    for key, value in acknowledged.items():
        assert node.get(key) == value, "reads go on"
    assert node.is_running()
    assert node.status()["state"] in ("unlocked", "degraded")

    pid = node.process.pid
    assert subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)]).returncode == 0
    wait_until(lambda: node.cli("set", "AFTER=there is room").returncode == 0, "it recovers")
    assert node.process.pid == pid
    assert node.status()["state"] == "unlocked"
    acknowledged["AFTER"] = b"there is room"
    node.restart()
    for key, value in acknowledged.items():
        assert node.get(key) == value


def test_a_server_with_a_full_disk_takes_changes_again_without_restart(playground, small_disk):
    server = playground.server("small/home", start=False)
    server.log_file = playground.folder / "small.log"
    server.start()
    a = playground.first(server)
    for number in range(60):
        a.set(f"FILL_{number}", os.urandom(30_000).hex())
    wait_until(lambda: server.status()["state"] == "degraded", "the disk is full")
    assert a.status()["pending"] > 0
    assert server.is_running()

    pid = server.process.pid
    assert subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)]).returncode == 0
    a.sync()
    assert a.status()["pending"] == 0
    assert server.process.pid == pid
    assert server.status()["state"] == "unlocked"
    b = playground.joined(a)
    assert b.get("FILL_59") == a.get("FILL_59")
