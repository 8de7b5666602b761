# SPDX-License-Identifier: MIT
"""A value and its name are nowhere but where they belong."""
import os
import shutil
import subprocess
import threading
import time

import pytest

from harness import PASSWORD, is_sanitized, wait_until
from proxy import Proxy


def all_files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class CommandLines(threading.Thread):
    """Collects /proc/*/cmdline and environ of our programs while it runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = set()
        self.done = False

    def run(self):
        while not self.done:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as file:
                        line = file.read()
                    if b"envmesh" in line:
                        self.seen.add(line)
                        with open(f"/proc/{pid}/environ", "rb") as file:
                            self.seen.add(file.read())
                except OSError:
                    pass
            time.sleep(0.005)


def memory_holds(pid, needle):
    """How many copies of `needle` the process has in memory it can write to."""
    count = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("rw") or "[vvar" in line:
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            try:
                memory.seek(start)
                count += memory.read(end - start).count(needle)
            except (OSError, ValueError):
                pass
    return count


def forms(text):
    """A secret as it may have been written: plain, hex, base64 at each alignment."""
    import base64
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.decode().encode("utf-16-le")
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + raw)[4 if shift else 0:][:len(raw) * 4 // 3 - 8]


def test_a_value_and_its_name_are_found_nowhere(playground):
    server = playground.server()
    proxy = Proxy(server.port)
    watcher = CommandLines()
    watcher.start()
    mark = os.urandom(8).hex()
    name, value = f"CANARYNAME_{mark}", f"canary-value-{mark}-0123456789"
    a = playground.first(server, port=proxy.port)
    b = playground.joined(a)  # through the address in the code: the proxy's as well
    assert b.status()["server"] == f"wss://127.0.0.1:{proxy.port}"
    a.set(name, value)
    b.sees(name, value)
    b.ok("export", "--shell", "sh", "--strict", "--timeout", "20s")
    a.cli("set", f"1{name}", "-", stdin=value)
    a.cli("set", name, "-", stdin=value.encode() + b"\0")
    a.cli("set", "LD_PRELOAD", "-", stdin=value)
    a.ok("lock")
    a.cli("set", name, "-", stdin=value)
    a.unlock()
    a.sync()
    if os.geteuid() == 0 and not is_sanitized():
        for needle in (name, value):
            assert memory_holds(server.process.pid, needle.encode()) == 0, "the server is blind"
    b.kill()  # leaves its log of writes behind
    assert a.terminate() == 0
    assert server.terminate() == 0
    watcher.done = True
    watcher.join()

    assert len(proxy.seen["up"]) > 1_000 and len(proxy.seen["down"]) > 1_000
    places = {str(path): data for path, data in all_files(playground.folder).items()
              if not path.name.endswith(".password")}
    places |= {"the wire up": bytes(proxy.seen["up"]), "the wire down": bytes(proxy.seen["down"])}
    own = a.password_file.read_bytes()
    assert any(needle in own for needle in forms(PASSWORD)), "the search finds what is there"
    lines = b"\n".join(watcher.seen)
    assert b"envmesh-daemon" in lines
    for secret in (value, name, PASSWORD):
        for needle in forms(secret):
            for place, data in places.items():
                assert needle not in data, f"{secret} is in {place}"
    assert value.encode() not in lines and PASSWORD.encode() not in lines
    proxy.close()


def test_no_device_name_is_told_to_the_server(playground):
    server = playground.server()
    mark = "laptop" + os.urandom(6).hex()
    a = playground.first(server, mark)
    playground.joined(a, "second" + mark)
    assert mark.encode() not in server.ok("peers", "--json")
    assert server.terminate() == 0
    for path, data in all_files(server.home).items():
        assert mark.encode() not in data, path
    assert mark not in server.log_file.read_text()


@pytest.mark.skipif(not shutil.which("sqlcipher"), reason="the program sqlcipher is not installed")
def test_the_databases_do_not_open_without_their_key(mesh):
    mesh.a.set("IN_THE_DATABASE", "yes")
    for node in (mesh.a, mesh.b, mesh.server):
        copy = node.home.parent / "copy.db"
        shutil.copyfile(node.home / "envmesh.db", copy)
        head = copy.read_bytes()[:16]
        assert not head.startswith(b"SQLite format 3")
        for key in ("", "PRAGMA key = '';", "PRAGMA key = 'password';", f"PRAGMA key = '{PASSWORD}';"):
            done = subprocess.run(["sqlcipher", str(copy), f"{key} SELECT count(*) FROM sqlite_master;"],
                                  capture_output=True, timeout=60)
            assert b"not a database" in done.stdout + done.stderr or b"encrypted" in done.stderr, done
        copy.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="reading another process's memory needs root")
def test_a_deleted_value_leaves_the_memory_of_both_daemons(playground):
    if is_sanitized():
        pytest.skip("sanitizers keep freed memory")
    server = playground.server()
    a = playground.first(server)
    b = playground.joined(a)
    value = "memory-canary-" + os.urandom(12).hex() + "-" + "z" * 40
    assert memory_holds(os.getpid(), value.encode()) > 0, "the search finds what is there"
    a.set("CANARY", value)
    b.sees("CANARY", value)
    a.ok("list", "--json", "--values")
    b.ok("export", "--shell", "sh", "--strict", "--timeout", "20s")
    a.ok("delete", "CANARY")
    wait_until(lambda: b.get("CANARY") is None, "the delete arrives")
    for node in (a, b, server):
        wait_until(lambda: memory_holds(node.process.pid, value.encode()) == 0,
                   f"no copy of the value is left at {node.name}", patience=15)


@pytest.mark.skipif(os.geteuid() != 0, reason="reading another process's memory needs root")
def test_after_lock_neither_password_nor_value_is_in_memory(playground):
    if is_sanitized():
        pytest.skip("sanitizers keep freed memory")
    node = playground.node("a")
    node.ok("init", "--name", "a", "--password-file", str(node.password_file))
    value = "memory-canary-" + os.urandom(12).hex()
    node.set("CANARY", value)
    assert node.get("CANARY") == value.encode()
    node.ok("lock")
    for needle in (value, PASSWORD):
        wait_until(lambda: memory_holds(node.process.pid, needle.encode()) == 0,
                   "lock wipes", patience=15)


def test_a_value_never_reaches_the_output_of_a_failing_command(mesh):
    for arguments in (["set", "BAD-NAME=canary-arg"], ["set", "LD_PRELOAD=canary-arg"],
                      ["set", "X=canary-arg", "X=canary-arg"]):
        done = mesh.a.cli(*arguments)
        assert done.returncode != 0
        assert b"canary-arg" not in done.stdout + done.stderr, arguments
